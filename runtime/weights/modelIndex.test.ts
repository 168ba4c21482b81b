import { describe, expect, it } from 'vitest';
import { ModelFileError } from '../core/errors.ts';
import { FIGMENT, PLAIN, parseStored } from '../testing/storedIndexes.ts';
import { parseConfig } from './modelIndex.ts';

const STUDENT = { stepCounts: [1, 2], guidanceScale: [1, 5], teacher: FIGMENT.sampleDefaults };

describe('parseModelIndex', () => {
  it('keeps every entry, those of diffusers too', () => {
    const index = { ...PLAIN, _diffusers_version: '0.40.0', labels: ['a', 'b'], image: { x: 1 }, figment: FIGMENT };
    expect(parseStored(index)).toEqual(index);
    expect(parseStored({ ...PLAIN, figment: { student: STUDENT } }).figment?.student).toEqual(STUDENT);
  });

  it.each<[string, unknown, string]>([
    ['no class name', {}, 'entry "_class_name"'],
    ['one component part', { ...PLAIN, unet: ['diffusers'] }, 'entry "unet.1"'],
    ['labels that are no list', { ...PLAIN, labels: 'abc' }, 'entry "labels"'],
    ['a label that is no string', { ...PLAIN, labels: ['a', 1] }, 'entry "labels.1"'],
    ['an empty label', { ...PLAIN, labels: [''] }, 'entry "labels.0"'],
    ['a label twice', { ...PLAIN, labels: ['a', 'a'] }, 'entry "labels": expected every label once'],
    ['a later version', { ...PLAIN, figment: { version: 2 } }, 'expected 1; a later version needs a later Figment'],
    ['a width of 0', { ...PLAIN, figment: { version: 1, widthPx: 0 } }, 'entry "figment.widthPx"'],
    ['an enormous height', { ...PLAIN, figment: { version: 1, heightPx: 1e9 } }, 'entry "figment.heightPx"'],
    ['a broken width', { ...PLAIN, figment: { version: 1, widthPx: 1.5 } }, 'entry "figment.widthPx"'],
    [
      'a region of other signs',
      { ...PLAIN, figment: { regions: { hair: ['#x'] } } },
      'entry "figment.regions.hair.0": exp',
    ],
    ['a region without rows', { ...PLAIN, figment: { regions: { hair: [] } } }, 'entry "figment.regions.hair"'],
    [
      'channels of no network',
      { ...PLAIN, figment: { version: 1, channels: ['r', 'g', 'b', 'height'] } },
      'entry "figment.channels": expected 3, 4 or names: [r, g, b], [r, g, b, a], [r, g, b, height, roughness, metallic]',
    ],
    ['two channels', { ...PLAIN, figment: { version: 1, channels: 2 } }, 'entry "figment.channels"'],
    ['a flag as text', { ...PLAIN, figment: { version: 1, pixelArt: 'no' } }, 'entry "figment.pixelArt"'],
    ['frames that are no list', { ...PLAIN, figment: { frames: 36 } }, 'expected a list of 1 to 256 frames'],
    ['frames in disorder', { ...PLAIN, figment: { frames: [{ frame: 1 }] } }, 'frame 0: is walk 1; expected'],
    ['a label that steers terminals', { ...PLAIN, labels: ['a\u001b[2J'] }, 'labels.0": has a control character'],
    [
      'a word that steers terminals',
      { ...PLAIN, figment: { attributes: { hair: ['a\u0007'] } } },
      'each once, or { min, max }; no value may hold control characters',
    ],
    ['a short hash', { ...PLAIN, figment: { version: 1, sha256: { a: '00' } } }, 'expected 64 hex digits'],
    [
      'no steps',
      { ...PLAIN, figment: { ...FIGMENT, sampleDefaults: { ...FIGMENT.sampleDefaults, numInferenceSteps: 0 } } },
      'entry "figment.sampleDefaults.numInferenceSteps"',
    ],
    ['a list', [], 'expected a JSON object'],
    ['half a file', '{"_class_name": "x', 'expected JSON'],
    ['a name twice', '{"labels": [], "labels": ["a"]}', 'the name "labels" is used twice'],
    ['a prototype', '{"_class_name": "x", "image": {"__proto__": {}}}', 'the name "__proto__" is not allowed'],
  ])('refuses %s', (_, value, message) => {
    expect(() => parseStored(value)).toThrow(ModelFileError);
    expect(() => parseStored(value)).toThrow('loadModelFolder: tiny/model_index.json: ');
    expect(() => parseStored(value)).toThrow(message);
  });
});

it.each<[string, object]>([
  ['sampleDefaults.sampler', { sampleDefaults: { sampler: 'dpm' } }],
  ['sampleDefaults.guidanceScale', { sampleDefaults: { guidanceScale: 21 } }],
  ['sampleDefaults.guidanceScale', { sampleDefaults: { guidanceScale: -1 } }],
  ['student.guidanceScale.1', { student: { ...STUDENT, guidanceScale: [1, 21] } }],
  ['student.teacher.sampler', { student: { ...STUDENT, teacher: { ...FIGMENT.sampleDefaults, sampler: 'dpm' } } }],
])('parseModelIndex refuses a %s that no recipe may have', (entry, figment) => {
  expect(() => parseStored({ ...PLAIN, figment })).toThrow(`tiny/model_index.json: entry "figment.${entry}"`);
});

describe('parseConfig', () => {
  it('refuses bottomless nesting', () => {
    expect(() => parseConfig(new TextEncoder().encode('['.repeat(1_000_000)), 'c.json')).toThrow(
      'expected at most 32 levels of nesting',
    );
  });

  it('refuses more than ten million bytes, whatever they say', () => {
    expect(() => parseConfig(new Uint8Array(10_000_001).fill(0x20), 'c.json')).toThrow(
      'c.json: has 10000001 bytes; expected at most 10000000',
    );
  });
});
