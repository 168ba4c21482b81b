import { describe, expect, it } from 'vitest';
import type { AssetGenerator } from '../../../plugin/index.ts';
import { TAVERN } from '../tavernFile.ts';
import { nameOf } from './names.ts';
import { labelFor, plannedRecipe, wishedRecipe } from './sitter.ts';

describe('labelFor', () => {
  it('is the label itself where the model knows it', () => {
    expect(labelFor(['orc', 'elf'], 'elf')).toBe('elf');
  });

  it('is always the same one of the labels elsewhere', () => {
    const labels = ['cat', 'dog', 'fox'];
    expect(labels).toContain(labelFor(labels, 'elf'));
    expect(labelFor(labels, 'elf')).toBe(labelFor(labels, 'elf'));
    expect(
      new Set(['elf', 'orc', 'troll', 'goblin', 'ratfolk'].map((label) => labelFor(labels, label))).size,
    ).toBeGreaterThan(1);
  });
});

const LABELS = ['planks', 'plaster', 'tiles'];

function artistWho(attributes?: Record<string, readonly string[] | { min: number; max: number }>) {
  return { generator: { labels: LABELS, info: { attributes } } as unknown as AssetGenerator };
}

const PLAN = {
  label: 'planks',
  seed: 7,
  guidanceScale: 2,
  attributes: { base_colour: 'brown', wear: 0.3, weight: 'heavy' },
};

describe('what a plan asks for', () => {
  it('is asked of a model as far as the model knows it', () => {
    const vocabulary = { base_colour: ['brown', 'grey'], wear: { min: 0, max: 1 } };
    const known = { base_colour: 'brown', wear: 0.3 };
    expect(plannedRecipe(PLAN, artistWho(vocabulary))).toEqual({ ...PLAN, attributes: known });
    const narrow = { base_colour: ['white'], wear: { min: 0.5, max: 1 } };
    expect(plannedRecipe(PLAN, artistWho(narrow))).toEqual({ label: 'planks', seed: 7, guidanceScale: 2 });
    expect(plannedRecipe(PLAN, artistWho())).toEqual({ label: 'planks', seed: 7, guidanceScale: 2 });
  });

  it('names somebody before the first picture as after it', () => {
    const vocabulary = { gender: ['female', 'male'] };
    for (const plan of TAVERN.portraits) {
      const artist = {
        generator: { labels: [plan.label], info: { attributes: vocabulary } } as unknown as AssetGenerator,
      };
      expect(nameOf(wishedRecipe(plan))).toBe(nameOf(plannedRecipe(plan, artist)));
    }
  });
});
