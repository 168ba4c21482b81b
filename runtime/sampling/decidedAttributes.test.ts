import { memory } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { difference, ELF, GOBLIN, tinyModelFiles } from '../testing/tinyModel.ts';
import { createConditionalVae } from './conditionalVae.ts';
import { attributesOfRecipe, decidedAttributes } from './decidedAttributes.ts';
import { generate } from './generate.ts';
import { createModel } from './model.ts';

describe('a model with examples', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  const TEACHER = { sampler: 'dpm++', numInferenceSteps: 20, guidanceScale: 2 } as const;
  const VOCABULARY = { hair: ['black', 'red', 'blue'], mood: ['calm', 'happy', 'sad'] };
  /** One example a label: elves are red and happy, orcs blue and sad. */
  const examples = { labels: Uint8Array.of(0, 2), values: Float32Array.of(1, 1, 2, 2) };
  const decided = (asked: Partial<typeof ELF> & Record<string, unknown>) =>
    decidedAttributes(['elf', 'goblin', 'orc'], { attributes: VOCABULARY, examples }, { ...ELF, ...asked });

  it.each([
    ['nothing is asked for', {}, [1, 1], null],
    ['some is', { attributes: { hair: 'black' } }, [0, 1], null],
    ['another picture decides on the rest', { attributes: { mood: 'sad' }, sameAs: { mood: 'any' } }, [1, 2], [1, 1]],
    ['what was asked for there is open here', { sameAs: { mood: 'calm' } }, [1, 1], [1, 0]],
    ['it begins from a picture', { image: new Uint8Array(4), strength: 0.8 }, [-1, -1], null],
    ['it goes all the way from a picture', { image: new Uint8Array(4), strength: 1 }, [1, 1], null],
    ['its few steps go all the way', { image: new Uint8Array(4), strength: 0.9, numInferenceSteps: 4 }, [1, 1], null],
    ['it keeps what a mask leaves', { image: new Uint8Array(4), mask: new Uint8Array(1), strength: 1 }, [-1, -1], null],
    ['a classifier steers it', { classifier: 'ornate', attributes: { hair: 'black' } }, [0, -1], null],
    ['a classifier does not steer it', { classifier: 'ornate', classifierScale: 0 }, [1, 1], null],
    ['its label has no example', { label: 'goblin' }, [-1, -1], null],
  ])('decides on what is open where %s', (_, asked, own, origin) => {
    expect(decided(asked)).toEqual({ own, origin });
  });

  it('stays the same but for what contradicts the change', () => {
    const people = [
      [0, 0],
      [1, 1],
    ]; // who is red is happy, who is black calm
    const values = Float32Array.from(Array.from({ length: 16 }, () => people).flat(2));
    const known = { attributes: VOCABULARY, examples: { labels: new Uint8Array(32), values } };
    const recipe = { ...ELF, attributes: { hair: 'red' }, sameAs: { hair: 'black' } };
    expect(decidedAttributes(['elf'], known, recipe)).toEqual({ own: [1, 1], origin: [0, 0] });
  });

  it('decides once on a recipe that cannot change, and each time on one that can', () => {
    const known = { attributes: VOCABULARY, examples };
    const decide = (recipe: typeof ELF) => decidedAttributes(['elf', 'goblin', 'orc'], known, recipe);
    const whole = Object.freeze({ ...ELF, attributes: Object.freeze({ hair: 'black' }) });
    expect(decide(whole)).toEqual({ own: [0, 1], origin: null });
    expect(decide(whole)).toBe(decide(whole));
    expect(decidedAttributes(['elf'], { attributes: VOCABULARY }, whole).own, 'by another model').toEqual([0, -1]);
    const open = Object.freeze({ ...ELF, attributes: { hair: 'black' } });
    expect(decide(open).own).toEqual([0, 1]);
    open.attributes.hair = 'blue';
    expect(decide(open).own).toEqual([2, 1]);
  });

  it('tells what a picture is to show, in words', () => {
    const model = { labels: ['elf', 'goblin', 'orc'], attributes: VOCABULARY, examples };
    expect(attributesOfRecipe(model, { ...ELF, attributes: { hair: 'black' } })).toEqual({
      hair: 'black',
      mood: 'happy',
    });
    expect(attributesOfRecipe(model, { ...ELF, label: 'goblin', attributes: { mood: 'sad' } })).toEqual({
      mood: 'sad',
    });
    expect(() => attributesOfRecipe(model, { ...ELF, label: 'elv' })).toThrow('did you mean "elf"?');
    expect(() => attributesOfRecipe(model, { ...ELF, attributes: { hair: 'blck' } })).toThrow('did you mean "black"?');
  });

  it('tells of a recipe that is not complete what it tells of a complete one', () => {
    const known = { labels: ['elf', 'goblin', 'orc'], attributes: VOCABULARY, examples };
    const shown = (asked: object) => attributesOfRecipe(known, { ...ELF, ...asked });
    const sad = shown({ attributes: { mood: 'sad' } });
    expect(shown({ attributes: { hair: 'any', mood: 'sad' }, sameAs: { hair: 'any', mood: 'sad' } })).toEqual(sad);
    expect(shown({ attributes: { mood: 'sad' }, sameAs: { hair: 'blue' }, sameFor: 0 })).toEqual(sad);
    expect(shown({ attributes: { mood: 'sad' }, sameAs: { hair: 'blue' }, pipeline: 'cvae' })).toEqual(sad);
    expect(shown({ attributes: { mood: 'sad' }, guidanceScale: 0 })).toEqual({});
  });

  it('tells of steps and strengths that are the defaults what it tells of those that are named', () => {
    const student = { stepCounts: [1, 2, 4], guidanceScale: [1, 5], teacher: TEACHER } as const;
    const sampleDefaults = { sampler: 'ddim', numInferenceSteps: 4, guidanceScale: 2 } as const;
    const known = { labels: ['elf'], attributes: VOCABULARY, examples, sampleDefaults, student };
    const shown = (asked: object) => attributesOfRecipe(known, { ...ELF, ...asked });
    const image = new Uint8Array(4);
    expect(shown({ image })).toEqual({});
    expect(shown({ image, numInferenceSteps: 2 }), 'both steps are taken').toEqual(shown({}));
    expect(shown({ image, strength: 0.98 }), 'so are all twenty of the teacher').toEqual(shown({}));
    expect(shown({ image, strength: 0.9 }), 'two of them are not').toEqual({});
    const changed = { attributes: { mood: 'sad' }, sameAs: { mood: 'calm' }, sameFor: 1 };
    expect(shown(changed)).toMatchObject({ mood: 'calm' });
  });

  it('tells what the other picture shows where each step is of that', () => {
    const known = { labels: ['elf'], attributes: VOCABULARY };
    const asked = { ...ELF, attributes: { mood: 'sad' }, sameAs: { mood: 'calm' }, numInferenceSteps: 4 };
    expect(attributesOfRecipe(known, { ...asked, sameFor: 1 })).toEqual({ mood: 'calm' });
    expect(attributesOfRecipe(known, { ...asked, sameFor: 0.9 })).toEqual({ mood: 'sad' });
  });

  it('goes by the seed that a picture is nearer to', () => {
    const labels = Uint8Array.of(0, 0, 0, 0);
    const many = { labels, values: Float32Array.of(0, 0, 1, 1, 2, 2, 0, 1) };
    const from = (seed: number, amount: number) =>
      decidedAttributes(
        ['elf'],
        { attributes: VOCABULARY, examples: many },
        { label: 'elf', seed, interpolate: { seed: 9, amount } },
      );
    const seed = Array.from({ length: 99 }, (_, i) => i).find(
      (i) => String(from(i, 0).own) !== String(from(9, 0).own),
    )!;
    expect(from(seed, 0.5)).toEqual(from(seed, 0));
    expect(from(seed, 0.6)).toEqual(from(9, 0));
  });

  it('makes the picture of what was decided, in both pipelines', async () => {
    const { index, ...files } = tinyModelFiles({
      attributes: { hair: ['black', 'red'], wear: { min: 0, max: 2 } },
      cvae: true,
    });
    const own = { labels: Uint8Array.of(0), values: Float32Array.of(1, 0.5) };
    const whole = { ...files, index: { ...index, figment: { ...index.figment, examples: own } } };
    const [model, cvae] = [createModel(whole), createConditionalVae(whole)];
    const before = memory().numTensors;
    const asked = { ...ELF, attributes: { hair: 'red', wear: 1 } };
    for (const pipeline of ['ddpm', 'cvae'] as const) {
      const [decided, expected] = await generate({ model, cvae }, [ELF, asked], { pipeline });
      expect(difference(decided!, expected!)).toBeLessThanOrEqual(1);
      const [goblin, other] = await generate({ model, cvae }, [GOBLIN, { ...GOBLIN, attributes: asked.attributes }], {
        pipeline,
      });
      expect(difference(goblin!, other!)).toBeGreaterThan(2);
    }
    expect(memory().numTensors).toBe(before);
    model.dispose();
    cvae.dispose();
  });
});
