import { decodeLatents, imagesToPixels } from './decode.ts';
import { finishEdit } from './edit.ts';
import type { DiffusionModel } from './model.ts';
import type { ImageRequest } from './request.ts';
import { type SampleStep, sample } from './sample.ts';
import type { SampleOptions } from './samplingPlan.ts';

export interface GenerateOptions extends SampleOptions {
  /** Called after every step, and waited for: a promise lets events in, such as the one that aborts. */
  onStep?: (step: SampleStep) => void | Promise<void>;
}

/**
 * Makes pictures.
 *
 *   const [elf] = await generate(model, [{ label: 'elf', seed: 7 }], { guidanceScale: 2 });
 *
 * With an `image`, a variation of it; with a `mask` as well, the image with that part made anew:
 *
 *   const [sister] = await generate(model, [{ label: 'elf', seed: 8, image: elf }], { strength: 0.5 });
 *   const [newHair] = await generate(model, [{ label: 'elf', seed: 8, image: elf, mask }]);
 *
 * @returns RGBA bytes of each, sRGB, straight alpha, top row first
 * @throws  as `sample`
 */
export async function generate(
  model: DiffusionModel,
  requests: readonly ImageRequest[],
  options: GenerateOptions = {},
): Promise<Uint8Array[]> {
  if (requests.length === 0) return [];
  for await (const step of sample(model, requests, options)) {
    await options.onStep?.(step);
    if (step.step < step.numSteps) continue;
    options.signal?.throwIfAborted();
    const images = decodeLatents(model, step.x0Pred);
    try {
      const pictures = await imagesToPixels(model, images);
      return pictures.map((pixels, i) => finishEdit(requests[i]!, pixels, options));
    } finally {
      images.dispose();
    }
  }
  throw new Error('generate: the sampler made no step; ask for at least 1');
}
