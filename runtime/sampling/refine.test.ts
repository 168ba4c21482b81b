import { memory } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { selectBackend } from '../backends/selectBackend.ts';
import { toPremultiplied } from '../core/pixels.ts';
import { runToEnd } from '../core/slices.ts';
import { expectClose } from '../testing/matchers.ts';
import { difference, ELF, ORC, tinyModelFiles } from '../testing/tinyModel.ts';
import { type ConditionalVae, createConditionalVae, generateAtOnce } from './conditionalVae.ts';
import { decodeLatents, imagesToPixels } from './decode.ts';
import { encodePixelsInSlices } from './encodePixels.ts';
import { generate } from './generate.ts';
import { createModel, type DiffusionModel } from './model.ts';
import { assertPipeline } from './pipeline.ts';
import { type RefineStep, refine, refineInSlices } from './refine.ts';
import type { SampleOptions } from './samplingPlan.ts';

const FILES = tinyModelFiles({ cvae: true });
const OPTIONS: SampleOptions = { numInferenceSteps: 5 };

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

function disposePreview(step: RefineStep | null | undefined): void {
  if (step && 'preview' in step) step.preview.dispose();
}

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

describe('refine', () => {
  it('of strength 1 is a plain sample, byte for byte', () =>
    withBoth(async (model, cvae) => {
      const plain = await generate(model, [ELF, ORC], OPTIONS);
      expect(await refine(model, cvae, [ELF, ORC], { ...OPTIONS, strength: 1 })).toEqual(plain);
    }));

  it('of strength 0 is the VAE’s picture as the auto-encoder sees it', () =>
    withBoth(async (model, cvae) => {
      const [picture] = await generateAtOnce(cvae, [ELF]);
      const latents = runToEnd(encodePixelsInSlices(model, [picture!]));
      const images = decodeLatents(model, latents);
      const [expected] = await imagesToPixels(model, images);
      latents.dispose();
      images.dispose();
      const [refined] = await refine(model, cvae, [ELF], { ...OPTIONS, strength: 0 });
      // Bytes are rounded, the values that stay on the backend are not, and alpha below 8 of 255 is none.
      expectClose(toPremultiplied(refined!, 4), toPremultiplied(expected!, 4), { absolute: 0.08, relative: 0 });
      expect(difference(refined!, picture!)).toBeGreaterThan(20);
    }));

  it('shows the VAE’s pictures first, then takes its share of the steps', () =>
    withBoth(async (model, cvae) => {
      const expected = await generateAtOnce(cvae, [ELF, ORC]);
      const told: unknown[] = [];
      const refined = await refine(model, cvae, [ELF, ORC], {
        ...OPTIONS,
        onPreview: (pictures) => void told.push(pictures),
        onStep: ({ step, numSteps }) => void told.push([step, numSteps]),
      });
      expect(told).toEqual([expected, [1, 3], [2, 3], [3, 3]]);
      expect(difference(refined[0]!, expected[0]!)).toBeGreaterThan(20);
      expect(await refine(model, cvae, [ELF, ORC], { ...OPTIONS, strength: 0.6 })).toEqual(refined);
    }));

  it('makes each picture by itself', () =>
    withBoth(async (model, cvae) => {
      const [, second] = await refine(model, cvae, [ELF, ORC], OPTIONS);
      const [alone] = await refine(model, cvae, [ORC], OPTIONS);
      expect(difference(alone!, second!)).toBeLessThanOrEqual(1);
    }));

  it('ends when aborted or given up, and leaves nothing behind', () =>
    withBoth(async (model, cvae) => {
      for (const numSlices of [0, 1, 3, 12, 30]) {
        const slices = refineInSlices(model, cvae, [ELF], OPTIONS);
        for (let i = 0; i < numSlices; i++) disposePreview(slices.next().value);
        slices.return(undefined);
      }
      const controller = new AbortController();
      const aborted = refine(model, cvae, [ELF], {
        ...OPTIONS,
        signal: controller.signal,
        onPreview: () => controller.abort(new Error('enough')),
      });
      await expect(aborted).rejects.toThrow('enough');
    }));

  it('refuses a strength, an image or a start that does not fit', () =>
    withBoth(async (model, cvae) => {
      await expect(refine(model, cvae, [ELF], { strength: 2 })).rejects.toThrow(/strength is 2; expected 0/);
      const image = new Uint8Array(4 * 16 * 16);
      await expect(refine(model, cvae, [{ ...ELF, image }], OPTIONS)).rejects.toThrow(/images and a start/);
      const slices = refineInSlices(model, cvae, [ELF], { ...OPTIONS, widthPx: 32 });
      expect(() => {
        for (const step of slices) disposePreview(step);
      }).toThrow(/makes 16×16 alone/);
      expect(await refine(model, cvae, [])).toEqual([]);
    }));
});

it('assertPipeline names the pipelines', () => {
  expect(() => assertPipeline('cvae+ddpm')).not.toThrow();
  expect(() => assertPipeline('gan')).toThrow('pipeline is "gan"; expected one of ddpm, vae, cvae+ddpm');
});
