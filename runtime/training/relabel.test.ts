import { describe, expect, it } from 'vitest';
import { tinyModelFiles } from '../testing/tinyModel.ts';
import { type LabelledNetwork, nullLabelLast, relabel, withClasses } from './relabel.ts';

const { unetConfig, unet } = tinyModelFiles({ labels: ['elf', 'goblin', 'orc'] });
const network = { config: unetConfig, weights: unet } as unknown as LabelledNetwork;

function row({ weights }: LabelledNetwork, index: number): number[] {
  const { shape, data } = weights.get('class_embedding.weight')!;
  return Array.from(data.subarray(index * shape[1]!, (index + 1) * shape[1]!));
}

describe('relabel', () => {
  it('takes rows to the labels of the same name, and the last to the null label', () => {
    const changed = relabel(network, ['elf', 'goblin', 'orc'], ['troll', 'orc', 'elf', 'cat'], 5);
    expect(changed.config).toEqual({ ...network.config, num_class_embeds: 5 });
    expect(changed.weights.get('class_embedding.weight')!.shape[0]).toBe(5);
    expect([1, 2, 4].map((index) => row(changed, index))).toEqual([2, 0, 3].map((index) => row(network, index)));
    const fresh = [row(changed, 0), row(changed, 3)];
    expect(new Set(fresh.flat()).size).toBe(fresh.flat().length);
    expect(fresh.flat().every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  });

  it('draws new rows by the seed', () => {
    const [first, same, other] = [5, 5, 6].map((seed) =>
      row(relabel(network, ['elf', 'goblin', 'orc'], ['cat'], seed), 0),
    );
    expect(same).toEqual(first);
    expect(other!.filter((value, i) => value === first![i])).toEqual([]);
  });

  it('shares all other weights and leaves the network as it is', () => {
    const before = row(network, 1);
    const changed = relabel(network, ['elf', 'goblin', 'orc'], ['cat'], 5);
    for (const [name, tensor] of network.weights) {
      if (name !== 'class_embedding.weight') expect(changed.weights.get(name)).toBe(tensor);
    }
    expect(row(network, 1)).toEqual(before);
  });

  it('changes nothing where labels are the same', () => {
    const changed = relabel(network, ['elf', 'goblin', 'orc'], ['elf', 'goblin', 'orc'], 5);
    for (const index of [0, 1, 2, 3]) expect(row(changed, index)).toEqual(row(network, index));
  });

  it('refuses labels that are not those of the network', () => {
    expect(() => relabel(network, ['elf'], ['cat'], 5)).toThrow(/4 class embeddings for 1 labels; expected 2/);
  });
});

describe('nullLabelLast', () => {
  it('moves the row of the null label to the end', () => {
    const changed = nullLabelLast(network, 1);
    expect(changed.config).toEqual(network.config);
    expect([0, 1, 2, 3].map((i) => row(changed, i))).toEqual([0, 2, 3, 1].map((i) => row(network, i)));
    const same = nullLabelLast(network, 3);
    for (const i of [0, 1, 2, 3]) expect(row(same, i)).toEqual(row(network, i));
  });

  it('adds the mean of all rows where there is none', () => {
    const changed = nullLabelLast(network, null);
    expect(changed.config.num_class_embeds).toBe(5);
    expect([0, 1, 2, 3].map((i) => row(changed, i))).toEqual([0, 1, 2, 3].map((i) => row(network, i)));
    const columns = row(network, 0).map((_, column) => [0, 1, 2, 3].map((i) => row(network, i)[column]!));
    row(changed, 4).forEach((value, column) => {
      expect(value).toBeCloseTo(columns[column]!.reduce((a, b) => a + b) / 4, 6);
    });
  });
});

it('gives a network without classes a table that changes nothing', () => {
  const { 'class_embedding.weight': _, ...weights } = Object.fromEntries(network.weights);
  const unconditional = {
    config: { ...network.config, num_class_embeds: null },
    weights: new Map(Object.entries(weights)),
  };
  const changed = withClasses(unconditional, 2);
  expect(changed.config.num_class_embeds).toBe(3);
  expect([0, 1, 2].flatMap((i) => row(changed, i)).every((value) => value === 0)).toBe(true);
  expect(row(changed, 2).length).toBe(row(network, 2).length);
});
