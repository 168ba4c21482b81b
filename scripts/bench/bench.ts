// npm run bench: how fast the portraits' networks train and run here, beside the speed of plain convolutions.
import { Session } from 'node:inspector/promises';
import {
  conv2d,
  dispose,
  getBackend,
  matMul,
  profile,
  type Rank,
  randomNormal,
  Tensor,
  type Tensor4D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { Command, Option } from 'commander';
import {
  completeRecipe,
  createModel,
  type Dataset,
  DIFFUSION_DEFAULTS,
  type DiffusionModel,
  dataParallelGradients,
  defaultUNetConfig,
  defaultVaeConfig,
  diffusionTaskSpec,
  diffusionTrainer,
  imagesInSlices,
  type LatentDataset,
  loadModelFolder,
  modelInfo,
  normals,
  type Trainer,
  timeChannels,
  unet2d,
  VAE_DEFAULTS,
  vaeTaskSpec,
  vaeTrainer,
} from '../../runtime/index.ts';
import { endWithError } from '../cli/endWithError.ts';
import { wholeNumber } from '../cli/optionParsers.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { startGradientWorkers } from '../node/nodeWorkers.ts';
import { modelSource, openTeacher } from '../node/openModel.ts';
import { median, medianMs, WARM_UP } from './medianMs.ts';
import { openOnnxStep } from './onnxStep.ts';

const NUM_LABELS = 13;
const NUM_IMAGES = 256;
const NUM_PICTURES = 5;

const latents: LatentDataset = {
  shape: [8, 8, 8],
  mean: normals(1, 0, NUM_IMAGES * 512),
  std: new Float32Array(NUM_IMAGES * 512).fill(0.1),
  classLabels: Int32Array.from({ length: NUM_IMAGES }, (_, i) => i % NUM_LABELS),
};
const images: Dataset = {
  name: 'noise',
  widthPx: 32,
  heightPx: 32,
  channels: 4,
  labels: Array.from({ length: NUM_LABELS }, (_, i) => `class${i}`),
  licence: 'CC0-1.0',
  attribution: '',
  images: Uint8Array.from(normals(2, 0, NUM_IMAGES * 4096), (value) => 128 + 40 * value),
  classLabels: latents.classLabels,
};

async function read(make: () => Tensor): Promise<void> {
  const result = tidy(make);
  await result.data();
  result.dispose();
}

/** GFLOP/s of tfjs's own convolution, 3×3, 128 → 128 channels, 16×16, batch 8. */
async function plainConvolution(): Promise<number> {
  const x = randomNormal([8, 16, 16, 128]) as Tensor4D;
  const filter = randomNormal([3, 3, 128, 128]) as Tensor4D;
  const ms = await medianMs(9, () => read(() => conv2d(x, filter, 1, 'same')));
  dispose([x, filter]);
  return (2 * 8 * 16 * 16 * 9 * 128 * 128) / ms / 1e6;
}

async function plainProduct(): Promise<number> {
  const [a, b] = [randomNormal([512, 512]), randomNormal([512, 512])];
  const ms = await medianMs(9, () => read(() => matMul(a, b)));
  dispose([a, b]);
  return (2 * 512 ** 3) / ms / 1e6;
}

interface GuidedStep {
  ms: number;
  /** Billions of floating-point operations in the step's convolutions. */
  gflop: number;
  /** The share of the time that is spent in kernels; on wasm alone. */
  kernelShare: number | null;
  /** What ONNX Runtime takes for the U-Net alone, measured in turns; on wasm alone, and where it is installed. */
  onnxMs: number | null;
}

/** A guided step of the shipped portraits' teacher, two passes in one, as pictures are made of it. */
async function guidedStep(): Promise<GuidedStep> {
  const files = await loadModelFolder(modelSource('portraits'));
  const student = createModel(files);
  const model = (await openTeacher(student, modelSource('portraits')))!;
  const gflop = await gflopOfStep(model);
  paintSteps(model); // makes the recordings
  const kernelShare = getBackend() === 'wasm' ? await shareOfWasm(() => paintSteps(model)) : null;
  const onnxStep = getBackend() === 'wasm' ? await openOnnxStep(files) : null;
  const times: number[] = [];
  const onnxTimes: number[] = [];
  for (let i = 0; i < NUM_PICTURES; i++) {
    const ofPicture = paintSteps(model);
    times.push(...ofPicture);
    for (let step = 0; onnxStep && step < ofPicture.length; step++) onnxTimes.push(await onnxStep());
  }
  model.dispose();
  student.dispose();
  return { ms: median(times), gflop, kernelShare, onnxMs: onnxStep ? median(onnxTimes) : null };
}

async function gflopOfStep({ latentShape, unet: { config, weights } }: DiffusionModel): Promise<number> {
  const xt = zeros([2, ...latentShape]) as Tensor4D;
  const takesVectors = config.class_embed_type === 'identity';
  const condition = takesVectors ? zeros<Rank.R2>([2, timeChannels(config)]) : [0, 1];
  const { kernels } = await profile(() => tidy(() => unet2d(config, weights, xt, [500, 500], condition)));
  dispose(condition instanceof Tensor ? [xt, condition] : xt);
  const convolutions = kernels.filter(({ name }) => name === 'FigmentConv2D');
  const flop = convolutions.map(({ inputShapes, outputShapes }) => {
    const [kh, kw, cin] = inputShapes[1] as [number, number, number];
    return 2 * kh * kw * cin * outputShapes[0]!.reduce((a, b) => a * b, 1);
  });
  return flop.reduce((a, b) => a + b, 0) / 1e9;
}

/** Makes a picture; the milliseconds of each of its steps but the first. */
function paintSteps(model: DiffusionModel): number[] {
  const info = modelInfo(model);
  const recipe = completeRecipe({ label: info.labels[0]!, seed: 1, guidanceScale: 2 }, info);
  const slices = imagesInSlices({ model }, [recipe]);
  const times: number[] = [];
  let started = 0;
  for (let slice = slices.next(); !slice.done; slice = slices.next()) {
    if (slice.value === null) continue;
    if (started > 0) times.push(performance.now() - started);
    started = performance.now();
  }
  return times;
}

/** The share of the time that is spent within WebAssembly, 0 … 1, as the engine's own profiler sees it. */
async function shareOfWasm(work: () => void): Promise<number> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 100 });
  await session.post('Profiler.start');
  for (let i = 0; i < NUM_PICTURES; i++) work();
  const { profile: seen } = await session.post('Profiler.stop');
  session.disconnect();
  const sum = (nodes: typeof seen.nodes) => nodes.reduce((total, { hitCount = 0 }) => total + hitCount, 0);
  const isWasm = ({ callFrame }: (typeof seen.nodes)[number]) => callFrame.url.startsWith('wasm:');
  return sum(seen.nodes.filter(isWasm)) / sum(seen.nodes);
}

/** Median training speed over a few steps, images a second. */
async function trainingSpeed(trainer: Trainer): Promise<number> {
  const speeds: number[] = [];
  for await (const { step, imagesPerSecond } of trainer.run()) if (step > WARM_UP) speeds.push(imagesPerSecond);
  await trainer.dispose();
  return median(speeds);
}

async function benchUNet(numWorkers: number, isWasm: boolean): Promise<number> {
  const config = defaultUNetConfig(latents, NUM_LABELS);
  const options = { ...DIFFUSION_DEFAULTS, numSteps: WARM_UP + 6 };
  const source = isWasm
    ? dataParallelGradients(diffusionTaskSpec(config, options), startGradientWorkers(numWorkers))
    : undefined;
  const statistics = { mean: Array(8).fill(0) as number[], std: Array(8).fill(1) as number[] };
  return trainingSpeed(diffusionTrainer(latents, statistics, config, options, undefined, source));
}

async function benchVae(numWorkers: number, isWasm: boolean): Promise<number> {
  const config = defaultVaeConfig(images);
  const options = { ...VAE_DEFAULTS, numSteps: WARM_UP + 6 };
  const source = isWasm
    ? dataParallelGradients(vaeTaskSpec(config, options), startGradientWorkers(numWorkers))
    : undefined;
  const all = Int32Array.from({ length: NUM_IMAGES }, (_, i) => i);
  return trainingSpeed(vaeTrainer(images, all, config, options, undefined, source));
}

interface BenchCommandOptions {
  workers: number;
  backend?: 'webgpu' | 'wasm' | 'cpu';
  step?: boolean;
}

async function bench({ workers, backend, step = false }: BenchCommandOptions): Promise<void> {
  const choice = await openNodeBackend(backend);
  const isWasm = choice.backend === 'wasm';
  const convolution = await plainConvolution();
  const forward = await guidedStep();
  const reached = forward.gflop / (forward.ms / 1000);
  const rows: [string, string][] = [
    [`backend (${isWasm ? `${workers} workers` : (choice.adapter ?? 'one thread')})`, choice.backend],
    ["tfjs's own convolution, 3×3, 128 → 128, 16×16, batch 8", `${convolution.toFixed(1)} GFLOP/s`],
    ["tfjs's own matrix product, 512³", `${(await plainProduct()).toFixed(1)} GFLOP/s`],
    ['a guided step of the U-Net (batch 2)', `${forward.ms.toFixed(1)} ms for ${forward.gflop.toFixed(2)} GFLOP`],
    ...(forward.kernelShare === null
      ? []
      : [['share of that time spent in kernels', `${(100 * forward.kernelShare).toFixed(0)} %`] as [string, string]]),
    ["its time, times that of ONNX Runtime's wasm, one thread", besideOnnx(forward)],
    ["share of the plain convolution's speed reached", `${((100 * reached) / convolution).toFixed(0)} %`],
  ];
  if (!step) {
    rows.push(
      ['U-Net training, batch 128', `${(await benchUNet(workers, isWasm)).toFixed(1)} images/s`],
      ['VAE training, batch 32', `${(await benchVae(workers, isWasm)).toFixed(1)} images/s`],
    );
  }
  console.log(`| measured | here |\n|---|---|\n${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}`);
  choice.release();
}

const besideOnnx = ({ ms, onnxMs }: GuidedStep) =>
  onnxMs === null ? 'on wasm, after npm install --no-save onnxruntime-web' : (ms / onnxMs).toFixed(2);

await new Command('bench')
  .description('measure training and sampling speed on this machine')
  .option('--workers <n>', 'threads that train on wasm', wholeNumber(1, 64), 2)
  .addOption(new Option('--backend <name>', 'default: the fastest here').choices(['webgpu', 'wasm', 'cpu']))
  .option('--step', 'the guided step alone, without the trainings')
  .action(bench)
  .exitOverride()
  .parseAsync()
  .catch(endWithError);
