import { describe, expect, it } from 'vitest';
import { tinyModelFiles } from '../testing/tinyModel.ts';
import { type LabelledNetwork, relabel } from './relabel.ts';

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
