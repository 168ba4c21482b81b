import { describe, expect, it } from 'vitest';
import type { ModelInfo } from '../../plugin/index.ts';
import { createScene, loadTiny } from '../../plugin/testing/tinyScene.ts';
import { formatHash, parseHash } from './hash.ts';
import { defaultSettings, type Settings } from './settings.ts';

const info: ModelInfo = { ...(await loadTiny(createScene())).info, kind: 'portraits' };
const DEFAULTS = defaultSettings(info);

const FULL: Settings = {
  label: 'orc',
  blendLabel: 'goblin',
  blendAmount: 0,
  attributes: {},
  sameAs: {},
  seed: 4294967295,
  guidanceScale: 2.35,
  intervalMin: 200,
  intervalMax: 800,
  guidanceRescale: 0.7,
  ornate: -12,
  sampler: 'ddim',
  numInferenceSteps: 33,
  eta: 0.25,
  walkLabel: 'elf',
  walkSeed: 12,
  compared: '',
};

describe('formatHash', () => {
  it('writes keys that people can read, and leaves out what has no effect', () => {
    expect(formatHash(FULL, info)).toBe(
      '#label=orc&seed=4294967295&guidance=2.35&interval=200-800&rescale=0.7&ornate=-12&sampler=ddim&steps=33&eta=0.25&walkto=elf&walkseed=12',
    );
    const plain: Settings = { ...DEFAULTS, sampler: 'dpm++', eta: 0.5 };
    expect(formatHash(plain, info)).toBe('#label=elf&seed=7&guidance=2&sampler=dpm++&steps=3');
  });
});

it('writes and reads a blend, where the model can mix its labels', () => {
  const blended = { ...DEFAULTS, blendLabel: 'orc', blendAmount: 0.4 };
  expect(formatHash(blended, info)).toBe(formatHash(DEFAULTS, info));
  const directed = { ...info, attributes: { hair: ['red'] } };
  const settings = { ...defaultSettings(directed), blendLabel: 'orc', blendAmount: 0.4 };
  expect(formatHash(settings, directed)).toMatch(/^#label=elf&blend=orc&share=0.4&seed=7/);
  expect(parseHash(formatHash(settings, directed), directed)).toEqual({ settings, notes: [] });
});

describe('parseHash', () => {
  it('gives the settings back that formatHash wrote', () => {
    const others: Settings[] = [
      FULL,
      DEFAULTS,
      { ...DEFAULTS, sampler: 'dpm++', guidanceScale: 0 },
      { ...DEFAULTS, sampler: 'euler', intervalMin: 5 },
      { ...DEFAULTS, guidanceScale: 1e-7 },
    ];
    for (const settings of others) {
      expect(parseHash(formatHash(settings, info), info)).toEqual({ settings, notes: [] });
    }
  });

  it('is the opening example where the address has no settings, as far as the model knows it', () => {
    expect(parseHash('', info)).toEqual({ settings: DEFAULTS, notes: [] });
    const attributes = { hair_colour: ['black', 'ginger'], expression: ['sad', 'happy'], eyewear: ['none'] };
    const directed = { ...info, labels: ['android', 'elf'], attributes };
    const asked = { hair_colour: 'ginger', expression: 'happy' };
    expect(parseHash('#', directed).settings).toMatchObject({
      label: 'elf',
      attributes: asked,
      compared: 'expression',
    });
    expect(parseHash('#seed=3', directed).settings).toMatchObject({ label: 'android', attributes: {}, seed: 3 });
    const { settings } = parseHash('#compare=hair_colour', directed);
    expect(settings.compared).toBe('hair_colour');
    expect(formatHash(settings, directed)).toContain('&compare=hair_colour&');
  });

  it('keeps attributes of words and numbers, and refuses what the model lacks', () => {
    const directed = { ...info, attributes: { hair: ['black', 'red'], wear: { min: 0, max: 1 } } };
    const settings = { ...defaultSettings(directed), attributes: { hair: 'red', wear: 0.5 } };
    const hash = formatHash(settings, directed);
    expect(decodeURIComponent(hash)).toContain('label=elf&with=hair=red,wear=0.5&seed=7');
    expect(parseHash(hash, directed)).toEqual({ settings, notes: [] });
    expect(parseHash('#with=hair=red,wear=0.5', directed)).toEqual({ settings, notes: [] });
    const older = { ...settings, sameAs: { hair: 'any', wear: 0.25 } };
    expect(decodeURIComponent(formatHash(older, directed))).toContain('&as=hair=any,wear=0.25&');
    expect(parseHash(formatHash(older, directed), directed)).toEqual({ settings: older, notes: [] });
    expect(parseHash('#with=hair=any', directed)).toEqual({ settings: defaultSettings(directed), notes: [] });
    const problems = {
      'hair=bleck': 'hair "bleck" is unknown; did you mean "black"? known values: black, red',
      'wear=2': 'wear is 2; expected a number from 0 to 1',
      'wear=': 'wear is ""; expected a number from 0 to 1',
      'wear=0x1': 'wear is "0x1"; expected a number from 0 to 1',
      'hiar=red': 'attribute "hiar" is unknown; did you mean "hair"? known attributes: hair, wear',
      constructor: 'attribute "constructor" is unknown',
      '': 'attribute "" is unknown',
    };
    for (const [wrong, problem] of Object.entries(problems)) {
      const { settings: read, notes } = parseHash(`#with=hair=red,${wrong}`, directed);
      expect(read.attributes, 'what is right beside it').toEqual({ hair: 'red' });
      expect(notes).toEqual([expect.stringContaining(`The address is wrong at with: ${problem}`)]);
    }
    const { notes } = parseHash('#with=hair=red', info);
    expect(notes).toEqual([expect.stringContaining('it must be left out: this model has no attributes. The default')]);
  });

  it('keeps attributes with any letters', () => {
    const words = ['salt, pepper', 'a=b,c', '50 %', '%2C'];
    const odd = { ...info, attributes: { 'hair, or fur=all': words, '%2C': ['red'] } };
    for (const word of words) {
      const attributes = { 'hair, or fur=all': word, '%2C': 'red' };
      const settings = { ...defaultSettings(odd), attributes };
      expect(parseHash(formatHash(settings, odd), odd)).toEqual({ settings, notes: [] });
    }
  });

  it('keeps labels with any letters', () => {
    const odd = { ...info, labels: ['half=elf & co', 'c++', '100 %'] };
    for (const label of odd.labels) {
      const settings = { ...defaultSettings(odd), label };
      expect(parseHash(formatHash(settings, odd), odd)).toEqual({ settings, notes: [] });
    }
  });

  it("is the model's defaults where the address says nothing", () => {
    for (const hash of ['', '#', '#&']) expect(parseHash(hash, info)).toEqual({ settings: DEFAULTS, notes: [] });
  });

  it.each([
    ['label', 'orcc', 'one of elf, goblin, orc; did you mean "orc"?'],
    ['seed', '-1', 'a whole number from 0 to 4294967295'],
    ['seed', '0x10', 'a whole number from 0 to 4294967295'],
    ['seed', '0b1', 'a whole number from 0 to 4294967295'],
    ['seed', '1.5', 'a whole number from 0 to 4294967295'],
    ['guidance', 'lots', 'a number from 0 to 10'],
    ['guidance', '', 'a number from 0 to 10'],
    ['guidance', '10.01', 'a number from 0 to 10'],
    ['interval', '800-200', 'two timesteps from 0 to 999, the smaller first, such as 200-800'],
    ['interval', '0-1000', 'two timesteps from 0 to 999, the smaller first, such as 200-800'],
    ['steps', '101', 'a whole number from 1 to 100'],
    ['sampler', 'toString', 'one of ddpm, ddim, dpm++, euler'],
    ['walkto', 'orcc', 'one of elf, goblin, orc; did you mean "orc"?'],
    ['walkseed', '-1', 'a whole number from 0 to 4294967295'],
    ['eta', '%E0%A4%A', 'a number from 0 to 1'],
  ])('falls back from %s=%s with a note, and keeps the rest', (key, text, expected) => {
    const { settings, notes } = parseHash(`#${key}=${text}&rescale=0.5`, info);
    expect(settings).toEqual({ ...DEFAULTS, guidanceRescale: 0.5 });
    const asked = `The address asks for ${key} "${text}"; it must be ${expected}`;
    expect(notes).toEqual([`${asked}${expected.endsWith('?') ? '' : '.'} The default is used.`]);
  });

  it('notes a blend that the model cannot make', () => {
    const { settings, notes } = parseHash('#blend=orc&share=0.5', info);
    expect(settings).toEqual(DEFAULTS);
    expect(notes).toEqual([
      expect.stringMatching(/blend "orc"; it must be left out: this model cannot mix/),
      expect.stringMatching(/share "0.5"; it must be left out: this model cannot mix/),
    ]);
  });

  it('leaves out ornament where no slider could take it back', () => {
    const { settings, notes } = parseHash('#ornate=12', { ...info, kind: 'materials' });
    expect(settings.ornate).toBe(0);
    expect(notes).toEqual([expect.stringMatching(/ornate "12"; it must be left out: .* portraits alone/)]);
  });

  it('tells the first twenty things that are wrong, and how many more there are', () => {
    for (const hash of [`#with=${'x,'.repeat(29)}x`, `#${'x&'.repeat(29)}x`]) {
      const { notes } = parseHash(hash, { ...info, attributes: { hair: ['red', 'black'] } });
      expect(notes).toHaveLength(21);
      expect(notes.at(-1)).toBe('… and 10 more like these.');
    }
  });

  it('looks at no address that is longer than any it writes', () => {
    const { settings, notes } = parseHash(`#label=orc&with=${'x,'.repeat(300_000)}`, info);
    expect(settings).toEqual(DEFAULTS);
    expect(notes).toEqual([expect.stringMatching(/has 600016 characters of settings; it may have 20000/)]);
  });

  it('notes a key that does not exist', () => {
    const { settings, notes } = parseHash('#scarf=red&constructor=1', info);
    expect(settings).toEqual(DEFAULTS);
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(/"scarf"/);
    expect(parseHash('#lable=elf', info).notes).toEqual([expect.stringContaining('did you mean "label"?')]);
  });
});
