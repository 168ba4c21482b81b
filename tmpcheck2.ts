import { tensor2d, tensor4d, type Tensor } from '@tensorflow/tfjs-core';
import { createModel, selectBackend, normals } from './runtime/index.ts';
import { openNodeWebgpu } from './scripts/node/nodeRuntime.ts';
import { tinyModelFiles } from './runtime/testing/tinyModel.ts';
import { currentRecorder, replayed } from './runtime/kernels/plan/recordings.ts';
import { sinesOf, stepEmbeddings, unet2dOfEmbedding } from './runtime/networks/unet2d.ts';
import { oneHotValues } from './runtime/networks/layers.ts';
import { runToEnd } from './runtime/core/slices.ts';
const g = await openNodeWebgpu();
await selectBackend({ backend: 'webgpu', gpu: g.gpu! });
const model = createModel(tinyModelFiles({}));
const { config, weights } = model.unet;
const r = currentRecorder()!;
const sines = sinesOf(config, [900, 600, 300, 10]);
const chosen = oneHotValues([0, 2, 3, 3], 4);
const ch = sines.length / 4;
const eager = stepEmbeddings(config, weights, tensor2d(sines, [4, ch]), tensor2d(chosen, [4, 4]), null);
const diff = async (a: Tensor, b: Tensor) => { const [x, y] = [await a.data(), await b.data()]; return Math.max(...Array.from(x, (v, i) => Math.abs(v - y[i]!))); };
const out = r.emptyTensor(eager.shape);
for (let i = 0; i < 3; i++) {
  runToEnd(replayed(model, 'e', () => r.traced((n) => [stepEmbeddings(config, weights, n([4, ch]) as any, n([4, 4]) as any, null)]), [sines, chosen], [out]));
  console.log('emb', eager.shape, await diff(eager, out));
}
for (const B of [1, 2, 4]) {
  const x = tensor4d(normals(1, 0, 256 * B), [B, 8, 8, 4]);
  const emb = tensor2d((await eager.data()).slice(0, B * eager.shape[1]!) as any, [B, eager.shape[1]!]);
  const y = unet2dOfEmbedding(config, weights, x, emb);
  const z = r.emptyTensor(y.shape);
  for (let i = 0; i < 2; i++) {
    runToEnd(replayed(model, 'u' + B, () => r.traced((n) => [unet2dOfEmbedding(config, weights, n(x.shape) as any, n(emb.shape) as any)]), [x, emb], [z]));
    console.log('unet', B, await diff(y, z));
  }
}
g.release();
