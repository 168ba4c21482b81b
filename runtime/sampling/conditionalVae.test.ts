import { dispose, memory, tensor2d } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import { selectBackend } from '../backends/selectBackend.ts';
import { toPixels } from '../core/pixels.ts';
import { normals } from '../core/random.ts';
import { runToEnd } from '../core/slices.ts';
import { decodeWithLabels } from '../networks/conditionalVae.ts';
import type { PictureOptions } from '../recipe/recipe.ts';
import { runSlices } from '../testing/sliceCase.ts';
import { difference, ELF, GOBLIN, ORC, tinyModelFiles } from '../testing/tinyModel.ts';
import { createConditionalVae, cvaeImagesInSlices } from './conditionalVae.ts';
import { generate } from './generate.ts';

const FILES = tinyModelFiles({ cvae: true });

async function make(requests: PictureOptions[]): Promise<Uint8Array[]> {
  const cvae = createConditionalVae(FILES);
  const before = memory().numTensors;
  const pictures = await generate({ cvae }, requests, { pipeline: 'cvae' });
  expect(memory().numTensors).toBe(before);
  cvae.dispose();
  return pictures;
}

describeOnBackends(() => {
  it('makes each picture by its label and seed alone, whatever else is made', async () => {
    const together = await make([ELF, ORC, GOBLIN]);
    for (const [i, request] of [ELF, ORC, GOBLIN].entries()) {
      expect(difference((await make([request]))[0]!, together[i]!)).toBeLessThanOrEqual(1);
    }
    expect(difference(together[0]!, together[1]!)).toBeGreaterThan(10);
    const [other] = await make([{ ...ELF, seed: 8 }]);
    expect(difference(together[0]!, other!)).toBeGreaterThan(10);
  });
});

describe('the VAE of a model', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'wasm' });
  });

  it('decodes a standard normal vector that its seed draws', async () => {
    const cvae = createConditionalVae(FILES);
    const z = tensor2d(normals(ELF.seed, 0x50000000, 6), [1, 6]);
    const images = decodeWithLabels(cvae.config, cvae.weights, z, [0]);
    const expected = toPixels((await images.data()) as Float32Array, 4);
    dispose([z, images]);
    cvae.dispose();
    expect(await make([ELF])).toEqual([expected]);
  });

  it('leaves what is open to the examples of its model, a classifier or not, which steers no picture of one pass', () => {
    const attributes = { hair: ['black', 'red'] };
    const files = tinyModelFiles({ cvae: true, attributes });
    const examples = { labels: Uint8Array.of(0), values: Float32Array.of(1) };
    const cvae = createConditionalVae(files);
    const made = (asked: object, more = {}) => {
      const known = { labels: files.index.labels, attributes, ...more };
      const images = runToEnd(cvaeImagesInSlices(cvae, known, [{ ...ELF, ...asked }]));
      const values = [...images.dataSync()];
      images.dispose();
      return values;
    };
    const red = made({ attributes: { hair: 'red' } });
    expect(made({ classifier: 'hat', classifierScale: 1 }, { examples })).toEqual(red);
    expect(made({}, { examples })).toEqual(red);
    expect(made({})).not.toEqual(red);
    cvae.dispose();
  });

  it('goes from the vector of one seed to that of another', async () => {
    const [own, other] = await make([ELF, { ...ELF, seed: 9 }]);
    const at = async (amount: number) => (await make([{ ...ELF, interpolate: { seed: 9, amount } }]))[0]!;
    expect(await at(0)).toEqual(own);
    expect(await at(1)).toEqual(other);
    const between = await at(0.5);
    expect(difference(between, own!)).toBeGreaterThan(5);
    expect(difference(between, other!)).toBeGreaterThan(5);
  });

  it('ends when aborted or given up, and leaves nothing behind', async () => {
    const cvae = createConditionalVae(FILES);
    const before = memory().numTensors;
    const enough = AbortSignal.abort(new Error('enough'));
    await expect(generate({ cvae }, [ELF], { pipeline: 'cvae', signal: enough })).rejects.toThrow('enough');
    const slices = cvaeImagesInSlices(cvae, FILES.index, [ELF]);
    slices.next();
    slices.next();
    slices.return(undefined as never);
    expect(memory().numTensors).toBe(before);
    expect(await generate({ cvae }, [], { pipeline: 'cvae' })).toEqual([]);
    cvae.dispose();
  });

  it('refuses a label that it does not know', () => {
    const cvae = createConditionalVae(FILES);
    const before = memory().numTensors;
    const { error } = runSlices(cvaeImagesInSlices(cvae, FILES.index, [{ ...ELF, label: 'elv' }]));
    expect(String(error)).toMatch(/label "elv" is unknown; did you mean "elf"/);
    expect(memory().numTensors).toBe(before);
    cvae.dispose();
  });

  it('refuses networks that do not fit the model, and leaves nothing behind', () => {
    const before = memory().numTensors;
    const figment = { ...FILES.index.figment, widthPx: 32 };
    expect(() => createConditionalVae({ ...FILES, index: { ...FILES.index, figment } })).toThrow(
      /makes 32×16 px .* 16×16 px/,
    );
    expect(() => createConditionalVae({ ...FILES, index: { ...FILES.index, labels: ['elf'] } })).toThrow(
      /and 1 labels/,
    );
    const cvae = new Map(FILES.cvae);
    cvae.delete('decoder.conv_out.bias');
    expect(() => createConditionalVae({ ...FILES, cvae })).toThrow(/tiny\/cvae: 1 tensor is missing/);
    expect(() => createConditionalVae(tinyModelFiles())).toThrow(/tiny\/cvae\/config.json: expected a JSON object/);
    expect(memory().numTensors).toBe(before);
  });
});
