import { describe, expect, it } from 'vitest';
import { conditioningConfig, parseConditioningConfig } from './conditioningConfig.ts';

const CONFIG = { embedding_dim: 32, num_labels: 3, attributes: { hair: 2, wear: 'number' }, numeric_channels: 8 };

describe('parseConditioningConfig', () => {
  it('reads what it knows, and passes over names of diffusers', () => {
    expect(parseConditioningConfig({ _class_name: 'FigmentConditioning', ...CONFIG })).toEqual(CONFIG);
    const { numeric_channels: _, ...short } = CONFIG;
    expect(parseConditioningConfig(short)).toEqual({ ...CONFIG, numeric_channels: 32 });
  });

  it('reads what a student is told besides', () => {
    const student = { step_counts: [1, 2, 4], guidance_scale: [1, 5] };
    expect(parseConditioningConfig({ ...CONFIG, student }).student).toEqual(student);
  });

  it('keeps names that objects have', () => {
    const attributes = JSON.parse('{"constructor":2,"toString":"number"}');
    expect(Object.entries(parseConditioningConfig({ ...CONFIG, attributes }).attributes)).toEqual([
      ['constructor', 2],
      ['toString', 'number'],
    ]);
  });

  it.each<[object, RegExp]>([
    [{ embedding_dim: 0 }, /embedding_dim/],
    [{ embedding_dim: 20_000 }, /embedding_dim/],
    [{ num_labels: -1 }, /num_labels/],
    [{ numeric_channels: 7 }, /numeric_channels/],
    [{ attributes: { hair: 0 } }, /attributes/],
    [{ attributes: { hair: 'words' } }, /attributes/],
    [{ attributes: { 'a.b': 2 } }, /attributes/],
    [{ attributes: ['hair'] }, /attributes/],
    [{ attributes: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`a${i}`, 2])) }, /attributes/],
    [{ dropout: 0.1 }, /dropout is not supported/],
    [{ student: { step_counts: [], guidance_scale: [1, 5] } }, /step_counts/],
    [{ student: { step_counts: [0], guidance_scale: [1, 5] } }, /step_counts/],
    [{ student: { step_counts: [4], guidance_scale: [5, 1] } }, /guidance_scale/],
  ])('refuses %j', (changes, message) => {
    expect(() => parseConditioningConfig({ ...CONFIG, ...changes }, 'file.json')).toThrow(message);
    expect(() => parseConditioningConfig({ ...CONFIG, ...changes }, 'file.json')).toThrow(/^file\.json: /);
  });
});

it.each<[object, string]>([
  [{ embedding_dim: 1.5 }, 'embedding_dim: 1.5 is not supported, expected a whole number'],
  [{ embedding_dim: undefined }, 'file.json: embedding_dim is missing'],
  [{ num_labels: '3' }, 'num_labels: "3" is not supported, expected number'],
  [{ attributes: 3 }, 'attributes: expected the attributes by name'],
  [{ attributes: { 'a.b': 2 } }, 'attribute "a.b" has a dot or control character'],
  [{ student: { step_counts: [4], guidance_scale: [5, 1] } }, 'expected two guidance scales, the smaller one first'],
  [{ student: { step_counts: [4] } }, 'student.guidance_scale is missing'],
])('tells what is wrong with %j', (changes, message) => {
  expect(() => parseConditioningConfig({ ...CONFIG, ...changes }, 'file.json')).toThrow(message);
});

it('conditioningConfig counts words', () => {
  const config = conditioningConfig(32, 3, { hair: ['black', 'red'], wear: { min: 0, max: 1 } });
  expect(config).toEqual({ ...CONFIG, numeric_channels: 32 });
});
