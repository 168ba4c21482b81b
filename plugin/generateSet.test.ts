import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyModelFolder } from '../runtime/testing/tinyModel.ts';
import { AssetGenerator } from './index.ts';
import { createScene } from './testing/tinyScene.ts';

const VOCABULARY = { expression: ['happy', 'neutral', 'sad'], wear: { min: 0, max: 1 } };
const ELF = { label: 'elf', numInferenceSteps: 4 };

describe('the same person', () => {
  let generator: AssetGenerator;

  beforeAll(async () => {
    const model = await tinyModelFolder({ attributes: VOCABULARY });
    const options = { compute: 'thread', backend: 'wasm', frameBudgetMs: 20 } as const;
    generator = await AssetGenerator.LoadAsync(model, createScene(), options);
  });

  afterAll(() => generator.dispose());

  it('is made with each value of an attribute, from one seed', async () => {
    const faces = await generator.generateSetAsync({ ...ELF, vary: 'expression' });
    expect([...faces.keys()]).toEqual(VOCABULARY.expression);
    const recipes = [...faces.values()].map(({ recipe }) => recipe!);
    expect(new Set(recipes.map(({ seed }) => seed)).size).toBe(1);
    for (const [i, recipe] of recipes.entries()) {
      expect(recipe).toMatchObject({
        attributes: { expression: VOCABULARY.expression[i] },
        sameAs: { expression: 'any' },
      });
    }
    const pictures = [...faces.values()].map(({ texels }) => texels!.join());
    expect(new Set(pictures).size).toBe(3);
    for (const face of faces.values()) face.dispose();
  });

  it('is known: a recipe tells what its picture shows', async () => {
    const asked = { ...ELF, seed: 7, attributes: { expression: 'sad' } };
    expect(generator.attributesOf(asked)).toEqual({ expression: 'sad' });
    const face = await generator.generateTextureAsync(asked);
    expect(generator.attributesOf(face.recipe!)).toEqual({ expression: 'sad' });
    face.dispose();
    expect(() => generator.attributesOf({ ...ELF, attributes: { mood: 'sad' } })).toThrow(
      'attribute "mood" is unknown',
    );
  });

  it('can be asked for what shows on its label', () => {
    expect(generator.attributesFor('elf')).toEqual(VOCABULARY);
    expect(() => generator.attributesFor('elv')).toThrow('did you mean "elf"?');
  });

  it('is nearer to itself than another person is', async () => {
    const [happy, sad] = (
      await generator.generateSetAsync({ ...ELF, seed: 7, vary: 'expression', values: ['happy', 'sad'], sameFor: 1 })
    ).values();
    expect(happy!.texels).toEqual(sad!.texels); // all steps are those of any expression
    const any = await generator.generateTextureAsync({ ...ELF, seed: 7 });
    expect(happy!.texels).toEqual(any.texels);
    for (const texture of [happy!, sad!, any]) texture.dispose();
  });

  it('changes in its texture, and back', async () => {
    const face = await generator.generateTextureAsync({
      ...ELF,
      seed: 7,
      attributes: { expression: 'neutral', wear: 0 },
    });
    const neutral = Uint8Array.from(face.texels!);
    await face.varyAsync({ expression: 'happy' });
    expect(face.recipe).toMatchObject({
      attributes: { expression: 'happy', wear: 0 },
      sameAs: { expression: 'neutral' },
    });
    const happy = Uint8Array.from(face.texels!);
    expect(happy).not.toEqual(neutral);
    await face.varyAsync({ expression: 'neutral' });
    expect(face.texels).toEqual(neutral);
    expect(face.recipe).not.toHaveProperty('sameAs');
    await face.varyAsync({ expression: 'happy' });
    expect(face.texels).toEqual(happy);
    face.dispose();
  });

  it.each([
    ['wear', /generateSet: wear is a number; say which values to make/],
    ['expresion', /generateSet: attribute "expresion" is unknown; did you mean "expression"\?/],
  ])('is not varied in %s', async (vary, message) => {
    await expect(generator.generateSetAsync({ ...ELF, vary })).rejects.toThrow(message);
  });

  it('leaves no texture where one of a set fails', async () => {
    const before = generator.scene.textures.length;
    const values = ['happy', 'hapy', 'happy'];
    const wrong = generator.generateSetAsync({ ...ELF, vary: 'expression', values, numInferenceSteps: 1000 });
    await expect(wrong).rejects.toThrow(/did you mean "happy"/); // without waiting for the others' thousand steps
    expect([generator.scene.textures.length, generator.queueLength]).toEqual([before, 0]);
  });

  it('makes a value once that is named twice', async () => {
    const before = generator.scene.textures.length;
    const faces = await generator.generateSetAsync({ ...ELF, vary: 'expression', values: ['sad', 'sad'] });
    expect([faces.size, generator.scene.textures.length]).toEqual([1, before + 1]);
    faces.get('sad')!.dispose();
  });
});
