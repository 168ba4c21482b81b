// npm run bench:dispatch: what one evaluation of the U-Net and a whole picture ask of the GPU, and of the thread that draws.
// It runs on Dawn's null adapter, on which commands cost nothing: what is measured is our own time.
import { enableProdMode } from '@tensorflow/tfjs-core';
import { Command } from 'commander';
import {
  coloursOfRecipe,
  completeRecipe,
  createModel,
  type DiffusionModel,
  imagesInSlices,
  loadModelFolder,
  modelInfo,
  type Recipe,
  submitKernels,
  type TexelImage,
  texelImages,
  useWebgpuDevice,
  writeTexels,
} from '../../runtime/index.ts';
import { endWithError } from '../cli/endWithError.ts';
import { openNodeWebgpu } from '../node/nodeRuntime.ts';
import { modelSource, openTeacher, shippedModels } from '../node/openModel.ts';
import { countGpuWork, type GpuWork, type GpuWorkCounter, medianWork } from './countGpuWork.ts';

const NUM_EVALUATIONS = 4;
const WARM_UP = 10; // pictures by which the code is compiled
const NUM_PICTURES = 25;

interface ModelWork {
  /** Guided, of a sampler without noise. */
  evaluation: GpuWork;
  /** Guided, of a sampler that adds noise. */
  noisyEvaluation: GpuWork;
  picture: GpuWork;
}

/** What is painted: by the model's usual sampler, or by one that adds noise at every step, for which a student needs its teacher. */
const ASKED = { guidanceScale: 2, numInferenceSteps: NUM_EVALUATIONS };
const NOISY = { ...ASKED, sampler: 'ddpm' } as const;

interface Painters {
  model: DiffusionModel;
  teacher: DiffusionModel | null;
}

/** Paints one picture into a texture, as the scene's device does it; what each step but the first cost, and all of it. */
function paint(networks: Painters, recipe: Recipe, texture: GPUTexture, counter: GpuWorkCounter) {
  const works: GpuWork[] = [];
  const evaluations: GpuWork[] = [];
  counter.take();
  const slices = imagesInSlices(networks, [recipe]);
  for (let slice = slices.next(); ; slice = slices.next()) {
    if (slice.done) {
      const colours = [coloursOfRecipe(networks.model.index, recipe)];
      const [image] = texelImages(networks.model, slice.value, colours) as [TexelImage];
      slice.value.dispose();
      writeTexels(image.picture, image.widthPx, texture, { flipY: true });
      image.picture.dispose();
      image.maps?.dispose();
      works.push(counter.take());
      return { picture: sum(works), evaluations };
    }
    if (slice.value === null) continue;
    submitKernels();
    const work = counter.take();
    works.push(work);
    if (slice.value.step > 1) evaluations.push(work);
  }
}

function sum(works: readonly GpuWork[]): GpuWork {
  return works.reduce((a, b) => ({
    dispatches: a.dispatches + b.dispatches,
    bindGroups: a.bindGroups + b.bindGroups,
    buffers: a.buffers + b.buffers,
    threadMs: a.threadMs + b.threadMs,
  }));
}

async function measure(name: string, device: GPUDevice, counter: GpuWorkCounter): Promise<ModelWork> {
  const model = createModel(await loadModelFolder(modelSource(name)));
  const teacher = await openTeacher(model, modelSource(name));
  const info = modelInfo(model);
  const { COPY_DST, TEXTURE_BINDING } = GPUTextureUsage;
  const texture = device.createTexture({
    size: [info.widthPx, info.heightPx],
    format: 'rgba8unorm',
    usage: COPY_DST | TEXTURE_BINDING,
  });
  const paintAll = (asked: typeof ASKED) => {
    const pictures: GpuWork[] = [];
    const evaluations: GpuWork[] = [];
    for (let i = -WARM_UP; i < NUM_PICTURES; i++) {
      const recipe = completeRecipe({ ...asked, label: info.labels[0]!, seed: i + WARM_UP }, info);
      const painted = paint({ model, teacher }, recipe, texture, counter);
      if (i < 0) continue;
      pictures.push(painted.picture);
      evaluations.push(...painted.evaluations);
    }
    return { evaluation: medianWork(evaluations), picture: medianWork(pictures) };
  };
  const usual = paintAll(ASKED);
  const noisy = paintAll(NOISY);
  texture.destroy();
  teacher?.dispose();
  model.dispose();
  return { ...usual, noisyEvaluation: noisy.evaluation };
}

function formatTable(works: Record<string, ModelWork>): string {
  const title = `| model | | dispatches | bind groups | buffers | CPU ms |\n|---|---|---|---|---|---|`;
  const row = (name: string, what: string, { dispatches, bindGroups, buffers, threadMs }: GpuWork) =>
    `| ${name} | ${what} | ${dispatches} | ${bindGroups} | ${buffers} | ${threadMs.toFixed(2)} |`;
  const rows = Object.entries(works).flatMap(([name, { evaluation, noisyEvaluation, picture }]) => [
    row(name, 'guided evaluation of the U-Net', evaluation),
    row(name, 'the same with noise', noisyEvaluation),
    row(name, `picture of ${NUM_EVALUATIONS} evaluations`, picture),
  ]);
  return [title, ...rows].join('\n');
}

async function benchDispatch({ json = false, model }: { json?: boolean; model?: string }): Promise<void> {
  enableProdMode();
  const webgpu = await openNodeWebgpu(['backend=null']);
  if (!webgpu.gpu) throw new Error(`bench:dispatch: ${webgpu.reason}`);
  const adapter = (await webgpu.gpu.requestAdapter())!;
  const device = await adapter.requestDevice();
  await useWebgpuDevice(device, adapter.info);
  const counter = countGpuWork(device);
  const works: Record<string, ModelWork> = {};
  for (const name of model ? [model] : shippedModels()) works[name] = await measure(name, device, counter);
  console.log(json ? JSON.stringify(works, null, 2) : formatTable(works));
  webgpu.release();
}

await new Command('bench:dispatch')
  .description("count what the networks ask of the GPU, and time it, on Dawn's null adapter")
  .option('--json', 'print JSON')
  .option('--model <name>', 'of one model alone')
  .action(benchDispatch)
  .exitOverride()
  .parseAsync()
  .catch(endWithError);
