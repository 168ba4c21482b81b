// The U-Net of a model in ONNX Runtime's WebAssembly, to compare with. The package is not one of this repository's:
// npm install --no-save onnxruntime-web.
import type * as ort from 'onnxruntime-node';
import { type ModelFiles, normals } from '../../runtime/index.ts';
import { onnxGraphs } from '../node/onnx/onnxFiles.ts';

/** A guided step of one picture computes two at once: one for its label and one for "any". */
const BATCH = 2;

/**
 * Opens a model's U-Net for two images on one thread.
 *
 * @returns a function that runs it once and tells the milliseconds; null where ONNX Runtime is not installed
 */
export async function openOnnxStep(files: ModelFiles): Promise<(() => Promise<number>) | null> {
  const name = 'onnxruntime-web';
  const runtime = await (import(name) as Promise<typeof ort>).catch(() => null);
  if (!runtime) return null;
  runtime.env.wasm.numThreads = 1;
  const { unet } = onnxGraphs(files);
  const session = await runtime.InferenceSession.create(unet.encode('unet'), {
    executionProviders: ['wasm'],
    freeDimensionOverrides: { N: BATCH },
    logSeverityLevel: 3,
  });
  const feeds = Object.fromEntries(
    session.inputMetadata.map((input) => {
      if (!input.isTensor) throw new Error(`onnxStep: the input ${input.name} is no tensor`);
      const shape = input.shape.map((size) => (typeof size === 'number' ? size : BATCH));
      const count = shape.reduce((a, b) => a * b, 1);
      const isLabel = input.type === 'int64';
      const data = isLabel ? new BigInt64Array(count) : Float32Array.from(normals(1, 0, count));
      return [input.name, new runtime.Tensor(input.type as 'float32', data as Float32Array, shape)];
    }),
  );
  return async () => {
    const started = performance.now();
    await session.run(feeds);
    return performance.now() - started;
  };
}
