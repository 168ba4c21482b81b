import { dispose, memory, type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import type * as ort from 'onnxruntime-node';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { type Attributes, encodeAttributes } from '../../../runtime/core/attributes.ts';
import { normals } from '../../../runtime/core/random.ts';
import { runToEnd } from '../../../runtime/core/slices.ts';
import {
  conditioningVectors,
  createModel,
  decodeLatents,
  encodePixelsInSlices,
  generateRecipes,
  loadModelFolder,
  type ModelFiles,
  memorySource,
  selectBackend,
} from '../../../runtime/index.ts';
import { unet2d, unet2dShapes } from '../../../runtime/networks/unet2d.ts';
import { parseUNet2DConfig } from '../../../runtime/networks/unet2dConfig.ts';
import { uploadWeights } from '../../../runtime/networks/uploadWeights.ts';
import { completeRecipe } from '../../../runtime/recipe/complete.ts';
import { recipeModel } from '../../../runtime/sampling/modelInfo.ts';
import { pixelFolder } from '../../../runtime/testing/foreignFolders.ts';
import { TINY_FRAMES, tinyModelFiles } from '../../../runtime/testing/tinyModel.ts';
import { randomWeights, tinyUNetConfig } from '../../../runtime/testing/tinyNetworks.ts';
import { nchwToNhwc } from '../../../runtime/weights/tensorLayout.ts';
import { readJsonFixture, readTensorsFixture } from '../../testing/fixtures.ts';
import { letEventsIn } from '../interrupt.ts';
import { openOnnxEngine } from './onnxEngine.ts';
import { onnxFiles, onnxGraphs } from './onnxFiles.ts';
import { unetGraph } from './onnxNetworks.ts';

const onnx = await import('onnxruntime-node').then(
  (module) => (module as unknown as { default?: typeof ort }).default ?? module,
  () => null,
);
const TOLERANCE = 1e-4;

const VOCABULARY = { hair: ['red', 'grey'], wear: { min: 0, max: 2 } };

beforeAll(async () => {
  await selectBackend({ backend: 'wasm' });
});

/** The one output of a graph in ONNX Runtime. */
async function runOnnx(bytes: Uint8Array, feeds: Record<string, ort.Tensor>): Promise<Float32Array> {
  const session = await onnx!.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const outputs = await session.run(feeds);
  const values = outputs[session.outputNames[0]!]!.data as Float32Array;
  await session.release();
  return values;
}

const floats = (shape: number[], data: ArrayLike<number>) =>
  new onnx!.Tensor('float32', Float32Array.from(data), shape);
const integers = (values: number[]) => new onnx!.Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]);

/** The largest difference as a share of the largest magnitude. */
function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  const values = Array.from(expected);
  const difference = Math.max(...values.map((value, i) => Math.abs(value - actual[i]!)));
  return difference / Math.max(...values.map(Math.abs));
}

describe.skipIf(!onnx)('in ONNX Runtime', () => {
  it.each(['unet-plain', 'unet-attn-class', 'unet-scale-shift', 'unet-identity', 'unet-resnet-blocks'])(
    '%s gives what diffusers recorded',
    async (name) => {
      const config = parseUNet2DConfig(readJsonFixture(`${name}/config.json`));
      const weights = readTensorsFixture(`${name}/diffusion_pytorch_model.safetensors`);
      const tensors = readTensorsFixture(`${name}/case.safetensors`);
      const [sample, timestep] = [tensors.get('sample')!, tensors.get('timestep')!];
      const [, , heightPx, widthPx] = sample.shape as [number, number, number, number];
      const bytes = unetGraph({ config, weights }, { heightPx, widthPx, circular: false }).encode('unet');
      const vectors = tensors.get('class_embedding');
      const labels = tensors.get('class_labels');
      const actual = await runOnnx(bytes, {
        sample: floats(sample.shape, sample.data),
        timestep: floats(timestep.shape, timestep.data),
        ...(vectors && { conditioning: floats(vectors.shape, vectors.data) }),
        ...(labels && { class_labels: integers([...labels.data]) }),
      });
      expect(relativeError(actual, tensors.get('expected')!.data)).toBeLessThan(TOLERANCE);
    },
  );

  it('knows the places that our U-Net knows', async () => {
    const config = tinyUNetConfig({ sample_size: [4, 6], position_embedding: true });
    const weights = randomWeights(unet2dShapes(config));
    const bytes = unetGraph({ config, weights }, { heightPx: 4, widthPx: 6, circular: true }).encode('unet');
    const x = { shape: [1, 4, 4, 6], data: normals(5, 0, 96) };
    const actual = await runOnnx(bytes, {
      sample: floats(x.shape, x.data),
      timestep: floats([1], [300]),
      class_labels: integers([2]),
    });
    const expected = tidy(() => {
      const ours = tensor4d(nchwToNhwc(x).data as Float32Array, [1, 4, 6, 4]);
      const made = unet2d(config, uploadWeights(weights), ours, [300], [2], { circular: true });
      return made.transpose([0, 3, 1, 2]).dataSync<'float32'>();
    });
    expect(relativeError(actual, expected)).toBeLessThan(TOLERANCE);
  });

  it.each([
    { circularPadding: true, attributes: VOCABULARY },
    { circularPadding: false },
    { circularPadding: true, patchSize: 2 as const },
  ])('gives what our networks give, with %j', async (options) => {
    const files = tinyModelFiles({ sizePx: 8, ...options });
    const model = createModel(files);
    const graphs = onnxGraphs(files);
    const latents = tensor4d(normals(3, 0, 2 * 4 * 4 * 4), [2, 4, 4, 4]);
    const image = decodeLatents(model, latents);
    const nchw = await Promise.resolve(tidy(() => latents.transpose([0, 3, 1, 2]).dataSync<'float32'>()));
    const decoded = await runOnnx(graphs.decoder!.encode('d'), { latents: floats([2, 4, 4, 4], nchw) });
    expect(relativeError(nchwToNhwc({ shape: [2, 4, 8, 8], data: decoded }).data, image.dataSync())).toBeLessThan(
      TOLERANCE,
    );
    const pixels = Uint8Array.from({ length: 4 * 8 * 8 }, (_, i) => (i * i * 31 + i) % 256);
    const means = runToEnd(encodePixelsInSlices(model, [pixels]));
    const engine = await openOnnxEngine(files);
    const encode = async (images: Tensor4D) => {
      const slices = engine.encode(images);
      for (let slice = slices.next(); ; slice = slices.next()) {
        if (slice.done) return slice.value;
        await letEventsIn();
      }
    };
    const { fromPixels } = await import('../../../runtime/core/pixels.ts');
    const values = tensor4d(fromPixels(pixels, 4, { premultiplied: true }), [1, 8, 8, 4]);
    const encoded = await encode(values);
    expect(relativeError(encoded.dataSync(), means.dataSync())).toBeLessThan(TOLERANCE);
    engine.dispose();
    dispose([latents, image, means, values, encoded]);
    model.dispose();
  });

  it('turns labels and attributes into the same vectors, "any" among them', async () => {
    const files = tinyModelFiles({ sizePx: 8, attributes: VOCABULARY });
    const model = createModel(files);
    const asked: Attributes[] = [{ hair: 'grey', wear: 0.5 }, { hair: 'red' }, { wear: 2 }, {}];
    const attributes = asked.flatMap((one) => encodeAttributes('test', VOCABULARY, one));
    const classLabels = [0, 2, 3, 1];
    const { config, weights } = model.conditioning!;
    const expected = conditioningVectors(config, weights, { classLabels, attributes });
    const actual = await runOnnx(onnxGraphs(files).conditioning!.encode('c'), {
      class_labels: integers(classLabels),
      attributes: floats([4, 2], attributes),
    });
    expect(relativeError(actual, expected.dataSync())).toBeLessThan(TOLERANCE);
    expected.dispose();
    model.dispose();
  });

  it('tells a student of its guidance and steps in the same way', async () => {
    const files = tinyModelFiles({ sizePx: 8, attributes: VOCABULARY, student: true });
    const model = createModel(files);
    const [classLabels, attributes] = [
      [0, 2, 3],
      [0, 0.5, -1, -1, 1, -1],
    ];
    const { config, weights } = model.conditioning!;
    const sampling = { guidanceScales: [1, 2.5, 5], stepCounts: [4, 1, 2] };
    const expected = conditioningVectors(config, weights, { classLabels, attributes, sampling });
    const actual = await runOnnx(onnxGraphs(files).conditioning!.encode('c'), {
      class_labels: integers(classLabels),
      attributes: floats([3, 2], attributes),
      guidance_scale: floats([3, 1], sampling.guidanceScales),
      steps: integers([2, 0, 1]),
    });
    expect(relativeError(actual, expected.dataSync())).toBeLessThan(TOLERANCE);
    expected.dispose();
    model.dispose();
  });

  it('makes the same picture of a recipe within 2/255, and leaves nothing behind', async () => {
    const pixels = await loadModelFolder(memorySource(pixelFolder({ numClasses: 4 }), 'pixels'));
    const student = tinyModelFiles({ student: true });
    const walks = tinyModelFiles({ sizePx: 8, heightPx: 12, frames: TINY_FRAMES });
    const circular = tinyModelFiles({ attributes: VOCABULARY, circularPadding: true });
    const patches = tinyModelFiles({ patchSize: 2, channels: 3 });
    for (const files of [tinyModelFiles(), circular, walks, student, pixels, patches]) {
      expect(await differenceOf(files)).toBeLessThanOrEqual(2);
    }
  });
});

/** Between the picture that our networks make and that of ONNX Runtime, in bytes. */
async function differenceOf(files: ModelFiles): Promise<number> {
  const { numTensors } = memory();
  const model = createModel(files);
  const label = files.index.labels[1]!;
  const recipe = completeRecipe(
    { label, seed: 5, sampler: 'ddim', numInferenceSteps: 4 },
    recipeModel(files.index, model.scheduler),
  );
  const [ours] = await generateRecipes({ model }, [recipe]);
  const elsewhere = await openOnnxEngine(files);
  let numSlices = 0;
  const onSlice = async () => {
    numSlices++;
    await letEventsIn();
  };
  const [steps, decoded] = [vi.spyOn(elsewhere, 'unet'), vi.spyOn(elsewhere, 'decode')];
  const [theirs] = await generateRecipes({ model: { ...model, elsewhere } }, [recipe], { onSlice });
  expect(steps).toHaveBeenCalledTimes(4);
  expect(decoded).toHaveBeenCalledTimes(1);
  expect(numSlices).toBeGreaterThan(3);
  elsewhere.dispose();
  model.dispose();
  expect(memory().numTensors).toBe(numTensors);
  expect(new Set(ours!.pixels).size).toBeGreaterThan(30);
  return Math.max(...ours!.pixels.map((value, i) => Math.abs(value - theirs!.pixels[i]!)));
}

it('describes a model for programs without TensorFlow.js', async () => {
  const files = onnxFiles(tinyModelFiles({ attributes: VOCABULARY }));
  expect(Object.keys(files)).toEqual([
    'unet.onnx',
    'conditioning.onnx',
    'decoder.onnx',
    'encoder.onnx',
    'figment.json',
  ]);
  const told = JSON.parse(new TextDecoder().decode(files['figment.json']));
  expect(told).toMatchObject({
    labels: ['elf', 'goblin', 'orc'],
    classLabels: [0, 1, 2],
    nullLabel: 3,
    takes: 'conditioning',
    attributes: VOCABULARY,
    image: { widthPx: 16, channels: 4, premultipliedAlpha: true },
    schedule: { numTrainTimesteps: 1000, predictionType: 'epsilon' },
    ddim: { steps: [{ timestep: 666 }, { timestep: 333 }, { timestep: 0, alphaBarNext: 1 }] },
  });
  expect(told.schedule.alphasCumprod.length).toBe(1000);
  const student = onnxFiles(tinyModelFiles({ student: true }));
  const { ddim, ...others } = JSON.parse(new TextDecoder().decode(student['figment.json']));
  expect(others.student).toMatchObject({ stepCounts: [1, 2, 4], guidanceScale: [1, 5] });
  expect(ddim.steps.map(({ timestep }: { timestep: number }) => timestep)).toEqual([999, 749, 499, 249]);
  const plain = onnxFiles(await loadModelFolder(memorySource(pixelFolder())));
  expect(Object.keys(plain)).toEqual(['unet.onnx', 'figment.json']);
  expect(JSON.parse(new TextDecoder().decode(plain['figment.json']))).not.toHaveProperty('classLabels');
});

it('tells which class is which label, where the row for none of them is not the last', async () => {
  const index = { labels: ['elf', 'goblin', 'orc'], figment: { nullLabel: 1 } };
  const files = await loadModelFolder(memorySource(pixelFolder({ numClasses: 4, index }), 'pixels'));
  const told = JSON.parse(new TextDecoder().decode(onnxFiles(files)['figment.json']));
  expect(told).toMatchObject({ labels: index.labels, classLabels: [0, 2, 3], nullLabel: 1, takes: 'class_labels' });
});

it('takes the same input twice for one graph: its bytes do not depend on when they are made', () => {
  const config = tinyUNetConfig();
  const source = { config, weights: randomWeights(unet2dShapes(config)) };
  const image = { heightPx: 8, widthPx: 8, circular: true };
  expect(unetGraph(source, image).encode('u')).toEqual(unetGraph(source, image).encode('u'));
  expect(() => unetGraph({ config, weights: new Map() }, image)).toThrow();
});
