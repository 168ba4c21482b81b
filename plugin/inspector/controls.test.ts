import { expect, it } from 'vitest';
import type { ModelInfo } from '../index.ts';
import { type Control, controlsOf } from './controls.ts';

const INFO = {
  labels: ['elf', 'orc'],
  attributes: { hair: ['red', 'grey'], age: { min: 0, max: 50 } },
  sampleDefaults: { guidanceScale: 2, numInferenceSteps: 20 },
} as unknown as ModelInfo;

const named = (controls: Control[]) => Object.fromEntries(controls.map((control) => [control.name, control]));

it('show what a recipe has, or what its model takes', () => {
  const controls = controlsOf({ label: 'orc', seed: 5, attributes: { hair: 'grey' }, guidanceScale: 15 }, INFO);
  expect(controls.map(({ name, value }) => [name, value])).toEqual([
    ['label', 'orc'],
    ['hair', 'grey'],
    ['age', null],
    ['seed', 5],
    ['guidance', 15],
    ['steps', 20],
  ]);
  expect(named(controls)).toMatchObject({
    label: { words: ['elf', 'orc'] },
    hair: { words: ['any', 'red', 'grey'] },
    age: { min: 0, max: 50, step: 0.5 },
    guidance: { max: 15 },
    steps: { max: 100 },
  });
});

it('change their own entry, and leave the other attributes', () => {
  const { label, hair, age, seed, guidance, steps } = named(
    controlsOf({ label: 'orc', attributes: { hair: 'grey', age: 3 } }, INFO),
  );
  const change = (control: Control | undefined, value: unknown) => control!.change(value as never);
  expect(change(label, 'elf')).toEqual({ label: 'elf' });
  expect(change(hair, 'red')).toEqual({ attributes: { hair: 'red', age: 3 } });
  expect(change(hair, 'any')).toEqual({ attributes: { age: 3 } });
  expect(change(age, null)).toEqual({ attributes: { hair: 'grey' } });
  expect(change(seed, 9)).toEqual({ seed: 9 });
  expect(change(guidance, 0.1 * 3)).toEqual({ guidanceScale: 0.3 });
  expect(change(steps, 4)).toEqual({ numInferenceSteps: 4 });
  const [, only] = controlsOf({ label: 'orc', attributes: { hair: 'red' } }, INFO);
  expect(change(only, 'any')).toEqual({ attributes: undefined });
});

it('leave attributes open whose names every object has, until a recipe asks for them', () => {
  const attributes = { constructor: { min: 0, max: 1 }, toString: ['red', 'grey'] };
  const values = (recipe: object) =>
    controlsOf({ label: 'elf', ...recipe }, { ...INFO, attributes } as unknown as ModelInfo).map(({ value }) => value);
  expect(values({}).slice(1, 3)).toEqual([null, 'any']);
  expect(values({ attributes: { constructor: 0.5, toString: 'red' } }).slice(1, 3)).toEqual([0.5, 'red']);
});

it('are without guidance and steps where the picture is made in one pass', () => {
  const controls = controlsOf({ label: 'elf', pipeline: 'cvae' }, { ...INFO, attributes: undefined });
  expect(controls.map(({ name }) => name)).toEqual(['label', 'seed']);
});
