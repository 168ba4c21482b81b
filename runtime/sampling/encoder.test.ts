import { memory } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { runToEnd } from '../core/slices.ts';
import { tinyModelFiles, tinyModelFolder } from '../testing/tinyModel.ts';
import { loadModelFolder } from '../weights/modelFolder.ts';
import { PAINTING_PARTS } from '../weights/modelParts.ts';
import { memorySource } from '../weights/modelSource.ts';
import { encodePixelsInSlices } from './autoencoder.ts';
import { addEncoder, hasEncoder } from './encoder.ts';
import { generate } from './generate.ts';
import { createModel, type DiffusionModel } from './model.ts';

const PIXELS = Uint8Array.from({ length: 4 * 16 * 16 }, (_, i) => (i % 4 === 3 ? 255 : (i * 7) % 256));

async function load(parts: typeof PAINTING_PARTS) {
  return loadModelFolder(memorySource(await tinyModelFolder(), 'tiny'), { parts });
}

function encoded(model: DiffusionModel): Float32Array {
  const latents = runToEnd(encodePixelsInSlices(model, [PIXELS]));
  const values = latents.dataSync() as Float32Array;
  latents.dispose();
  return values;
}

describe('a model that was loaded with its decoder alone', () => {
  beforeAll(() => selectBackend({ backend: 'wasm' }));

  it('makes the same pictures, and takes some once it has its encoder', async () => {
    const before = memory().numTensors;
    const whole = createModel(await load(['unet', 'vae', 'scheduler']));
    const small = createModel(await load(PAINTING_PARTS));
    expect([hasEncoder(whole), hasEncoder(small)]).toEqual([true, false]);
    const elf = [{ label: 'elf', seed: 7 }];
    expect(await generate(small, elf, { numInferenceSteps: 2 })).toEqual(
      await generate(whole, elf, { numInferenceSteps: 2 }),
    );
    const held = memory().numTensors;
    expect(() => encoded(small)).toThrow(
      'encode: tiny was loaded with its decoder alone; give it its encoder, too (addEncoder), or load its part "vae"',
    );
    await expect(generate(small, [{ ...elf[0]!, image: PIXELS }])).rejects.toThrow(/with its decoder alone/);
    expect(memory().numTensors).toBe(held);
    const vae = await load(['vae']);
    for (const _ of ['once', 'again']) addEncoder(small, vae);
    expect(hasEncoder(small)).toBe(true);
    expect(encoded(small)).toEqual(encoded(whole));
    small.dispose();
    whole.dispose();
    expect(memory().numTensors).toBe(before);
  });

  it('refuses an encoder that is not whole, and weights that are neither', async () => {
    const files = await load(PAINTING_PARTS);
    const model = createModel(files);
    const held = memory().numTensors;
    const { vae } = tinyModelFiles();
    const without = (name: string) => new Map([...vae].filter(([key]) => key !== name));
    expect(() => addEncoder(model, { vae: without('encoder.conv_out.bias') })).toThrow(
      /tiny\/vae.*missing.*encoder.conv_out.bias/,
    );
    expect(memory().numTensors).toBe(held);
    model.dispose();
    for (const name of ['decoder.conv_in.bias', 'encoder.conv_in.bias']) {
      expect(() => createModel({ ...files, vae: without(name) })).toThrow(new RegExp(`missing.*${name}`));
    }
  });
});
