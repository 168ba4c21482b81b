import { engine } from '@tensorflow/tfjs-core';
import { createModel, loadModelFolder, generate, completeRecipe, modelInfo, imagesToPixels, sampleInSlices, decodeLatents, selectBackend } from './runtime/index.ts';
import { useRecorder } from './runtime/kernels/plan/recordings.ts';
import { openNodeWebgpu } from './scripts/node/nodeRuntime.ts';
import { modelSource } from './scripts/node/openModel.ts';
import { tinyModelFiles } from './runtime/testing/tinyModel.ts';
const g = await openNodeWebgpu(); console.log(g.reason);
const only = process.argv[2];
async function cases(label: string, make: () => Promise<any>) {
  const model = await make();
  const info = modelInfo(model);
  const label0 = info.labels[0];
  const runs: any[] = [];
  for (const o of [{ sampler: 'dpm++' }, { sampler: 'ddim' , eta: 0.5}, { sampler: 'ddpm', numInferenceSteps: 3 }, { sampler: 'euler', guidanceScale: 1 }, {guidanceInterval: [0, 500]}, {guidanceRescale: 0.5}]) {
    const t = performance.now();
    const p = await generate(model, [{ label: label0, seed: 3 }, { label: info.labels[1], seed: 4 }], { numInferenceSteps: 4, guidanceScale: 2, ...o } as any);
    runs.push({ o, p, ms: performance.now() - t });
  }
  model.dispose();
  return runs;
}
const makers: Record<string, () => Promise<any>> = {
  tiny: async () => createModel(tinyModelFiles()),
  tinyC: async () => createModel(tinyModelFiles({ circularPadding: true, channels: 3 })),
  tinyA: async () => createModel(tinyModelFiles({ attributes: { hat: ['a', 'b'], size: 'number' } as any })),
  portraits: async () => createModel(await loadModelFolder(modelSource('portraits'))),
  textures: async () => createModel(await loadModelFolder(modelSource('textures'))),
};
for (const [name, make] of Object.entries(makers)) {
  if (only && only !== name) continue;
  await selectBackend({ backend: 'wasm' });
  const a = await cases(name, make);
  await selectBackend({ backend: 'webgpu', gpu: g.gpu! });
  const b = await cases(name, make);
  a.forEach((r, i) => {
    const d = r.p.map((x: Uint8Array, j: number) => Math.max(...x.map((v, k) => Math.abs(v - b[i].p[j][k]))));
    console.log(name, JSON.stringify(r.o), 'maxdiff', d, 'ms', r.ms.toFixed(0), b[i].ms.toFixed(0));
  });
}
g.release();
