import { memory } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { toPremultiplied } from '../core/pixels.ts';
import { runToEnd } from '../core/slices.ts';
import { expectClose } from '../testing/matchers.ts';
import { difference, ELF, ORC, tinyModelFiles } from '../testing/tinyModel.ts';
import { decodeLatents, encodePixelsInSlices, imagesToPixels } from './autoencoder.ts';
import type { SampleOptions } from './completeAll.ts';
import { completeAll } from './completeAll.ts';
import { type ConditionalVae, createConditionalVae } from './conditionalVae.ts';
import { generate } from './generate.ts';
import { imagesInSlices } from './images.ts';
import { createModel, type DiffusionModel } from './model.ts';

const FILES = tinyModelFiles({ cvae: true });
const OPTIONS: SampleOptions = { numInferenceSteps: 5, pipeline: 'cvae+ddpm' };
const AT_ONCE: SampleOptions = { pipeline: 'cvae' };

async function withBoth<T>(run: (model: DiffusionModel, cvae: ConditionalVae) => Promise<T>): Promise<T> {
  const before = memory().numTensors;
  const [model, cvae] = [createModel(FILES), createConditionalVae(FILES)];
  const loaded = memory().numTensors;
  try {
    const result = await run(model, cvae);
    expect(memory().numTensors).toBe(loaded);
    return result;
  } finally {
    model.dispose();
    cvae.dispose();
    expect(memory().numTensors).toBe(before);
  }
}

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

describe('the pipeline cvae+ddpm', () => {
  it('of strength 1 is a plain sample, byte for byte', () =>
    withBoth(async (model, cvae) => {
      const plain = await generate(model, [ELF, ORC], { numInferenceSteps: 5 });
      expect(await generate({ model, cvae }, [ELF, ORC], { ...OPTIONS, strength: 1 })).toEqual(plain);
    }));

  it('of strength 0 is the VAE’s picture as the auto-encoder sees it', () =>
    withBoth(async (model, cvae) => {
      const [picture] = await generate({ cvae }, [ELF], AT_ONCE);
      const latents = runToEnd(encodePixelsInSlices(model, [picture!]));
      const images = decodeLatents(model, latents);
      const [expected] = await imagesToPixels(model, images);
      latents.dispose();
      images.dispose();
      const [refined] = await generate({ model, cvae }, [ELF], { ...OPTIONS, strength: 0 });
      // Bytes are rounded, the values that stay on the backend are not, and alpha below 8 of 255 is none.
      expectClose(toPremultiplied(refined!, 4), toPremultiplied(expected!, 4), { absolute: 0.08, relative: 0 });
      expect(difference(refined!, picture!)).toBeGreaterThan(20);
    }));

  it('shows the VAE’s pictures first, then takes its share of the steps', () =>
    withBoth(async (model, cvae) => {
      const expected = await generate({ cvae }, [ELF, ORC], AT_ONCE);
      const told: unknown[] = [];
      const refined = await generate({ model, cvae }, [ELF, ORC], {
        ...OPTIONS,
        onPreview: (pictures) => void told.push(pictures),
        onStep: ({ step, numSteps }) => void told.push([step, numSteps]),
      });
      expect(told).toEqual([expected, [1, 3], [2, 3], [3, 3]]);
      expect(difference(refined[0]!, expected[0]!)).toBeGreaterThan(20);
      expect(await generate({ model, cvae }, [ELF, ORC], { ...OPTIONS, strength: 0.6 })).toEqual(refined);
    }));

  it('makes each picture by itself', () =>
    withBoth(async (model, cvae) => {
      const [, second] = await generate({ model, cvae }, [ELF, ORC], OPTIONS);
      const [alone] = await generate({ model, cvae }, [ORC], OPTIONS);
      expect(difference(alone!, second!)).toBeLessThanOrEqual(1);
    }));

  it('ends when aborted or given up, and leaves nothing behind', () =>
    withBoth(async (model, cvae) => {
      for (const numSlices of [0, 1, 3, 12, 30]) {
        const { recipes } = completeAll({ model, cvae }, [ELF], OPTIONS);
        const slices = imagesInSlices({ model, cvae }, recipes);
        for (let i = 0; i < numSlices; i++) slices.next();
        slices.return(undefined as never);
      }
      const controller = new AbortController();
      const aborted = generate({ model, cvae }, [ELF], {
        ...OPTIONS,
        signal: controller.signal,
        onPreview: () => controller.abort(new Error('enough')),
      });
      await expect(aborted).rejects.toThrow('enough');
    }));

  it('refuses a strength, an image or a size that does not fit', () =>
    withBoth(async (model, cvae) => {
      const refused = (request: object, options: object) =>
        expect(generate({ model, cvae }, [{ ...ELF, ...request }], { ...OPTIONS, ...options })).rejects;
      await refused({}, { strength: 2 }).toThrow(/strength is 2; expected 0/);
      await refused({ image: new Uint8Array(4 * 16 * 16) }, {}).toThrow(/begins with a picture of its own/);
      await refused({}, { widthPx: 32 }).toThrow(/makes 16×16 alone/);
      await refused({}, { pipeline: 'gan' }).toThrow('pipeline is "gan"; expected one of ddpm, cvae, cvae+ddpm');
      expect(await generate({ model, cvae }, [], OPTIONS)).toEqual([]);
    }));

  it('names the network that a pipeline lacks', () =>
    withBoth(async (model, cvae) => {
      await expect(generate({ model }, [ELF], AT_ONCE)).rejects.toThrow(/makes no pictures in one step; train/);
      await expect(generate({ cvae }, [ELF])).rejects.toThrow(/the diffusion model of tiny is not loaded/);
      await expect(generate({}, [ELF])).rejects.toThrow(/there is no network/);
    }));
});
