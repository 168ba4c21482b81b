import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { dispose, engine, memory, type Tensor4D } from '@tensorflow/tfjs-core';
import { describe, expect, it, vi } from 'vitest';
import { describeOnBackends } from '../../scripts/testing/backends.ts';
import type { BackendName } from '../backends/selectBackend.ts';
import { currentRecorder } from '../kernels/plan/recordings.ts';
import { submitKernels } from '../kernels/webgpu/commands.ts';
import * as unet2d from '../networks/unet2d.ts';
import { formatUNet2DConfig } from '../networks/unet2dConfig.ts';
import type { PictureOptions, Recipe } from '../recipe/recipe.ts';
import { difference, ELF, ORC, TINY_FRAMES, tinyModelFiles } from '../testing/tinyModel.ts';
import { randomWeights, tinyUNetConfig } from '../testing/tinyNetworks.ts';
import { loadModelFolder } from '../weights/modelFolder.ts';
import { modelFolderFiles } from '../weights/modelFolderFiles.ts';
import { memorySource } from '../weights/modelSource.ts';
import { decodeLatents, imagesToPixels } from './autoencoder.ts';
import { completeAll, type SampleOptions } from './completeAll.ts';
import { generate } from './generate.ts';
import { imagesInSlices } from './images.ts';
import { createModel, type DiffusionModel } from './model.ts';
import { sample } from './sample.ts';
import { texelImages } from './texelImages.ts';

/** The largest difference of a byte: sums in another order round differently. */
const TOLERANCE = 2;

const HATS = { hat: ['none', 'cap'] };

/** The pictures that the steps make one operation after the other. */
async function unrecorded(model: DiffusionModel, requests: PictureOptions[], options: SampleOptions) {
  let latents: Tensor4D | null = null;
  for await (const { x0Pred } of sample(model, requests, options)) {
    latents?.dispose();
    latents = x0Pred.clone();
  }
  const images = decodeLatents(model, latents!);
  const pictures = await imagesToPixels(model, images);
  images.dispose();
  latents!.dispose();
  return pictures;
}

const recipesOf = (model: DiffusionModel, requests: PictureOptions[], options: SampleOptions): Recipe[] =>
  completeAll({ model }, requests, options).recipes;

/** Runs several batches, one slice of each after the other. */
function imagesInTurns(model: DiffusionModel, batches: Recipe[][]): Tensor4D[] {
  const works = batches.map((recipes) => imagesInSlices({ model }, recipes));
  const made: Tensor4D[] = [];
  while (works.some((_, i) => !made[i])) {
    for (const [i, work] of works.entries()) {
      if (made[i]) continue;
      const { done, value } = work.next();
      if (done) made[i] = value as Tensor4D;
    }
  }
  return made;
}

async function inTurns(model: DiffusionModel, batches: Recipe[][]): Promise<Uint8Array[][]> {
  const made = imagesInTurns(model, batches);
  const pictures = await Promise.all(made.map((images) => imagesToPixels(model, images)));
  for (const images of made) images.dispose();
  return pictures;
}

function expectSame(actual: Uint8Array[], expected: Uint8Array[]): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, picture] of actual.entries()) expect(difference(picture, expected[i]!)).toBeLessThanOrEqual(TOLERANCE);
}

/** The first five have all the operations that are recorded: they are enough for a software GPU, which takes its time. */
const CASES: [string, SampleOptions, Parameters<typeof tinyModelFiles>[0]][] = [
  ['dpm++, guided', { sampler: 'dpm++', guidanceScale: 2, numInferenceSteps: 4 }, {}],
  ['ddpm, unguided, of a tile', { sampler: 'ddpm', guidanceScale: 1 }, { circularPadding: true, channels: 3 }],
  ['dpm++, of frames in patches', { sampler: 'dpm++' }, { sizePx: 8, heightPx: 12, frames: TINY_FRAMES, patchSize: 2 }],
  [
    'ddim, of tiles whose places are known',
    { guidanceScale: 1 },
    { circularPadding: true, positions: true, channels: 3 },
  ],
  [
    'ddim, of three tiles side by side whose places are known',
    { guidanceScale: 1, numInferenceSteps: 2, widthPx: 48 },
    { circularPadding: true, positions: true, channels: 3 },
  ],
  ['ddim, with noise, guided in an interval', { eta: 0.5, guidanceScale: 3, guidanceInterval: [0, 500] }, {}],
  ['of a student, told its guidance', { guidanceScale: 3, numInferenceSteps: 2 }, { student: true }],
  ['euler, of attributes', { sampler: 'euler', guidanceScale: 2 }, { attributes: HATS }],
];

/** On cpu nothing is recorded. */
const RECORDING: BackendName[] = ['wasm', 'webgpu'];

describe('pictures by recordings', () => {
  describeOnBackends((backend) => {
    it.each(backend === 'webgpu' ? CASES.slice(0, 5) : CASES)(
      'are those of single operations: %s',
      async (_, options, modelOptions) => {
        const model = createModel(tinyModelFiles(modelOptions));
        const requests = [modelOptions?.attributes ? { ...ELF, attributes: { hat: 'cap' } } : ELF, ORC];
        const { numTensors } = memory();
        const inSlices = vi.spyOn(unet2d, 'unet2dInSlices');
        const made = await generate(model, requests, options);
        expect(inSlices.mock.calls.length > 0).toBe(!RECORDING.includes(backend));
        inSlices.mockRestore();
        expectSame(made, await unrecorded(model, requests, options));
        expect(memory().numTensors).toBe(numTensors);
        model.dispose();
      },
    );

    it('are those of each picture, too, of a network without classes', async () => {
      const files = tinyModelFiles({ labels: ['image'] });
      const config = tinyUNetConfig({ sample_size: 8, num_class_embeds: null });
      const unet = randomWeights(unet2d.unet2dShapes(config), 3);
      const unconditional = { ...files, unetConfig: formatUNet2DConfig(config), unet };
      const model = createModel(await loadModelFolder(memorySource(await modelFolderFiles(unconditional))));
      const requests = [1, 2, 3].map((seed) => ({ label: 'image', seed }));
      const options = { numInferenceSteps: 3 };
      const alone = requests.map((request) => unrecorded(model, [request], options));
      expectSame(await generate(model, requests, options), (await Promise.all(alone)).flat());
      model.dispose();
    });

    it.each(['dpm++', 'ddpm'] as const)(
      'make nothing new from noise to texels, and free what they held: %s',
      async (sampler) => {
        if (backend !== 'webgpu') return;
        const model = createModel(tinyModelFiles());
        const options = { sampler, guidanceScale: 2, numInferenceSteps: 4 } as const;
        const [first] = imagesInTurns(model, [recipesOf(model, [ELF], options)]);
        dispose([first!, texelImages(model, first!)[0]!.picture]);
        submitKernels();
        const { device } = engine().backend as WebGPUBackend;
        const spies = [vi.spyOn(device, 'createBindGroup'), vi.spyOn(device, 'createBuffer')];
        const { numTensors } = memory();
        const counts: number[] = [];
        const work = imagesInSlices({ model }, recipesOf(model, [ORC], options));
        let slice = work.next();
        for (; !slice.done; slice = work.next()) if (slice.value) counts.push(memory().numTensors);
        const [texels] = texelImages(model, slice.value);
        expect(counts).toHaveLength(4);
        expect(new Set(counts).size).toBe(1);
        for (const spy of spies) expect(spy).not.toHaveBeenCalled();
        dispose([slice.value, texels!.picture]);
        expect(memory().numTensors).toBe(numTensors);
        for (const spy of spies) spy.mockRestore();
        submitKernels();
        const destroyed = vi.spyOn(GPUBuffer.prototype, 'destroy');
        model.dispose();
        expect(destroyed.mock.calls.length).toBeGreaterThan(20);
        destroyed.mockRestore();
      },
    );

    it('go on as single operations after the step that cannot be recorded', async () => {
      if (backend !== 'wasm') return;
      const model = createModel(tinyModelFiles());
      const options = { sampler: 'dpm++', numInferenceSteps: 6, guidanceScale: 3, guidanceInterval: [0, 500] } as const;
      const recorder = currentRecorder()!;
      const record = recorder.record.bind(recorder);
      let numSteps = 0;
      vi.spyOn(recorder, 'record').mockImplementation((graph) => {
        const isStep = graph.outputs.length === 2;
        if (isStep && ++numSteps > 2) recorder.refuse('a step of a larger batch');
        return record(graph);
      });
      const { numTensors } = memory();
      const made = await generate(model, [ELF, ORC], options);
      expect(numSteps).toBe(3);
      expect(memory().numTensors).toBe(numTensors);
      vi.restoreAllMocks();
      expectSame(made, await unrecorded(model, [ELF, ORC], options));
      model.dispose();
    });

    it.skipIf(backend !== 'wasm')('are noted once, until many others have been', () => {
      const model = createModel(tinyModelFiles());
      const noted = vi.spyOn(currentRecorder()!, 'structureOf');
      const numNoted = (guidanceScale: number) => {
        noted.mockClear();
        for (const images of imagesInTurns(model, [recipesOf(model, [ELF], { guidanceScale, numInferenceSteps: 1 })])) {
          images.dispose();
        }
        return noted.mock.calls.length;
      };
      const scales = Array.from({ length: 33 }, (_, i) => 2 + i / 4);
      expect(scales.map(numNoted)).toEqual(scales.map(() => 1));
      expect(numNoted(scales.at(-1)!)).toBe(0);
      expect(numNoted(scales[0]!)).toBe(1);
      noted.mockRestore();
      model.dispose();
    });

    it('do not mix when two batches are at work, or one was given up', async () => {
      const model = createModel(tinyModelFiles());
      const options = { sampler: 'dpm++', numInferenceSteps: 3 } as const;
      const batches = [[ELF], [ORC]].map((requests) => recipesOf(model, requests, options));
      const alone = [await inTurns(model, [batches[0]!]), await inTurns(model, [batches[1]!])].flat();
      const { numTensors } = memory();
      const given = imagesInSlices({ model }, batches[0]!);
      for (let i = 0; i < 12; i++) given.next();
      given.return(undefined as never);
      expect(memory().numTensors).toBe(numTensors);
      const together = await inTurns(model, batches);
      for (const [i, pictures] of together.entries()) expectSame(pictures, alone[i]!);
      model.dispose();
    });
  }, RECORDING);
});
