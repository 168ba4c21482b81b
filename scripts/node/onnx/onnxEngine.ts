// A model whose networks run in ONNX Runtime, which a project may have installed.
import { Tensor, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import type * as ort from 'onnxruntime-node';
import {
  type Elsewhere,
  type ModelFiles,
  nchwToNhwc,
  nhwcToNchw,
  type UNet2DCondition,
} from '../../../runtime/index.ts';
import { UsageError } from '../usageError.ts';
import { onnxGraphs } from './onnxFiles.ts';
import type { OnnxGraph } from './onnxGraph.ts';

type Feeds = Record<string, ort.Tensor>;

/**
 * Opens sessions for a model's networks; without a VAE image values are latents.
 *
 * @throws UsageError with the remedy where ONNX Runtime is not installed
 */
export async function openOnnxEngine(files: ModelFiles): Promise<Elsewhere> {
  const runtime = await importRuntime();
  const { unet, decoder, encoder } = onnxGraphs(files);
  const open = (name: string, graph: OnnxGraph | null) =>
    graph && runtime.InferenceSession.create(graph.encode(name), { logSeverityLevel: 3 });
  const sessions = await Promise.all([open('unet', unet), open('decoder', decoder), open('encoder', encoder)]);
  const [unetSession, decoderSession, encoderSession] = sessions;
  const imagesOf = (images: Tensor4D) => {
    const { shape, data } = nhwcToNchw({ shape: images.shape, data: images.dataSync<'float32'>() });
    return new runtime.Tensor('float32', data as Float32Array, shape);
  };
  const conditionOf = (condition: UNet2DCondition, names: readonly string[]): Feeds => {
    if (condition instanceof Tensor) {
      return { conditioning: new runtime.Tensor('float32', condition.dataSync<'float32'>(), condition.shape) };
    }
    if (condition === null || !names.includes('class_labels')) return {};
    return { class_labels: new runtime.Tensor('int64', BigInt64Array.from(condition, BigInt), [condition.length]) };
  };
  return {
    unet: (xt, t, condition) => {
      const timestep = new runtime.Tensor('float32', Float32Array.from(t), [t.length]);
      const feeds = { sample: imagesOf(xt), timestep, ...conditionOf(condition, unetSession!.inputNames) };
      return resultOfRun(unetSession!, feeds);
    },
    decode: (latents) => mapped(decoderSession, 'latents', latents, imagesOf),
    encode: (images) => mapped(encoderSession, 'image', images, imagesOf),
    dispose: () => {
      for (const session of sessions) void session?.release();
    },
  };
}

function* mapped(
  session: ort.InferenceSession | null | undefined,
  name: string,
  images: Tensor4D,
  imagesOf: (images: Tensor4D) => ort.Tensor,
): Generator<void, Tensor4D> {
  if (!session) return images.clone();
  return yield* resultOfRun(session, { [name]: imagesOf(images) });
}

/** The session's one output as (B, H, W, C), with a pause at every turn until it is there. */
function* resultOfRun(session: ort.InferenceSession, feeds: Feeds): Generator<void, Tensor4D> {
  const { dims, data } = (yield* awaited(session.run(feeds)))[session.outputNames[0]!]!;
  const { shape, data: values } = nchwToNhwc({ shape: [...dims], data: data as Float32Array });
  return tensor4d(values, shape as Tensor4D['shape']);
}

/** A promise's value, with a pause at every turn until it is there. @throws what the promise is rejected with */
function* awaited<T>(promise: Promise<T>): Generator<void, T> {
  const ends: ({ value: T } | { error: unknown })[] = []; // one, when it is there
  promise.then(
    (value) => ends.push({ value }),
    (error) => ends.push({ error }),
  );
  while (ends.length === 0) yield;
  const [end] = ends;
  if ('error' in end!) throw end.error;
  return end!.value;
}

async function importRuntime(): Promise<typeof ort> {
  try {
    const module = await import('onnxruntime-node');
    return (module as unknown as { default?: typeof ort }).default ?? module;
  } catch (error) {
    throw new UsageError('bake: --engine onnx needs ONNX Runtime; npm install onnxruntime-node --ignore-scripts', {
      cause: error,
    });
  }
}
