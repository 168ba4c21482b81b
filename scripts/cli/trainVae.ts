import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AutoencoderKlConfig,
  autoencoderKlShapes,
  type Dataset,
  dataParallelGradients,
  defaultVaeConfig,
  downloadWeights,
  parseAutoencoderKlConfig,
  reconstructionSheet,
  scaleSheet,
  VAE_DEFAULTS,
  type VaeOptions,
  vaeTaskSpec,
  vaeTrainer,
  type Weights,
  withoutAlpha,
  writeSafetensors,
} from '../../runtime/index.ts';
import { writeFileAtomic, writeFilesAtomic } from '../node/atomicWrite.ts';
import { CREDIT_FILE, type Credit, combineCredits, readCredit } from '../node/credit.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { startGradientWorkers } from '../node/nodeWorkers.ts';
import { encodePng } from '../node/png.ts';
import { readVae, WEIGHTS_FILE } from '../node/readNetworks.ts';
import { readWholeModel, replaceVae, type WholeModel } from '../node/replaceVae.ts';
import { UsageError } from '../node/usageError.ts';
import type { CommonTrainOptions } from './train.ts';
import { checkCheckpoint, readCheckpoint, readTrainingData, runTraining, startFolder } from './trainingRun.ts';

interface VaeCommandOptions extends CommonTrainOptions {
  klWeight?: number;
  reconstruction: 'l1' | 'l2';
  l2Weight: number;
  gradientWeight: number;
  freezeEncoder?: boolean;
  widths?: number[];
  latentChannels?: number;
}

/** figment train vae */
export async function trainVae(command: VaeCommandOptions): Promise<void> {
  const { dataset, split } = await readTrainingData(command);
  const folder = startFolder(command, 'vae');
  const found = folder ? await readVae(folder) : null;
  const init = found && dataset.channels === 3 ? withoutAlpha(found) : found;
  const config = init?.config ?? newConfig(dataset, command);
  const credit = combineCredits([dataset, folder ? await readCredit(folder) : null]);
  const model = command.freezeEncoder && folder && isWholeModel(folder) ? await readWholeModel(folder) : null;
  const options = vaeOptions(command, model?.index.figment.circularPadding);
  const notes = {
    kind: 'vae',
    dataset: dataset.name,
    seed: String(options.seed),
    batchSize: String(options.batchSize),
  };
  const resumed = command.resume ? await readCheckpoint(command.out, notes) : null;
  if (resumed) checkCheckpoint(resumed, autoencoderKlShapes(config), options.freezeEncoder, command.out);
  if (!model) refuseWholeModel(command.out);
  const backend = await openNodeBackend(command.backend);
  console.log(
    `train vae: ${backend.backend}; ${backend.reason} ${split.train.length} images, ${split.heldOut.length} held out`,
  );
  const parallel = command.workers > 1 && backend.backend === 'wasm';
  const source = parallel
    ? dataParallelGradients(vaeTaskSpec(config, options), startGradientWorkers(command.workers))
    : undefined;
  const trainer = vaeTrainer(dataset, split.train, config, options, resumed ?? init?.weights, source);
  try {
    await runTraining({
      title: 'train vae',
      out: command.out,
      trainer,
      notes,
      previewMinutes: command.previewMinutes,
      save: async ({ step }) => {
        await saveVae(command.out, config, trainer.ema, model, credit);
        await writePreview(command.out, step, dataset, split.heldOut, config, trainer.ema, options.circular);
      },
    });
  } finally {
    await trainer.dispose();
    backend.release();
  }
}

/** The config of a network that begins with random weights. @throws UsageError when the widths don't fit the tiles */
function newConfig(dataset: Dataset, { widths, latentChannels }: VaeCommandOptions): AutoencoderKlConfig {
  const factor = widths ? 2 ** (widths.length - 1) : 1;
  if (dataset.widthPx % factor !== 0 || dataset.heightPx % factor !== 0) {
    throw new UsageError(
      `train vae: --widths has ${widths!.length} levels, which halve the size ${widths!.length - 1} times, but ${dataset.widthPx}×${dataset.heightPx} is no multiple of ${factor}; give fewer widths`,
    );
  }
  return parseAutoencoderKlConfig(defaultVaeConfig(dataset, { widths, latentChannels }), '--widths');
}

const isWholeModel = (dir: string) => existsSync(join(dir, 'model_index.json'));

/** Another auto-encoder's latents would mean nothing to a U-Net that is there already. */
function refuseWholeModel(out: string): void {
  if (!isWholeModel(out)) return;
  throw new UsageError(
    `train vae: ${out} holds a whole model, whose U-Net fits its auto-encoder's latents alone; choose another --out, or train the decoder alone with --freeze-encoder --init-from ${out}`,
  );
}

/** @param circular what the model says that the decoder is trained for; the command may ask for it too */
function vaeOptions(command: VaeCommandOptions, circular = false): VaeOptions {
  if (command.steps === undefined && command.minutes === undefined) {
    throw new UsageError('train: say how long: --steps n or --minutes n');
  }
  const batchSize = command.batch ?? VAE_DEFAULTS.batchSize;
  return {
    ...VAE_DEFAULTS,
    seed: command.seed,
    reconstruction: command.reconstruction,
    klWeight: command.klWeight ?? VAE_DEFAULTS.klWeight,
    l2Weight: command.l2Weight,
    gradientWeight: command.gradientWeight,
    freezeEncoder: command.freezeEncoder ?? false,
    balanced: command.balanced ?? false,
    circular: command.circular ?? circular,
    augment: {
      flip: command.flip ?? false,
      shiftPx: command.shift,
      circular: command.circular ?? circular,
      permuteChannels: command.permuteChannels,
    },
    batchSize,
    microBatchSize: command.microBatch ?? Math.min(batchSize, VAE_DEFAULTS.microBatchSize),
    learningRate: command.learningRate ?? VAE_DEFAULTS.learningRate,
    numSteps: command.steps ?? null,
    numMinutes: command.minutes ?? null,
  };
}

/** Writes vae/ as it trains; or the whole model that it belongs to, ready for use. */
async function saveVae(
  out: string,
  config: AutoencoderKlConfig,
  ema: Weights,
  model: WholeModel | null,
  credit: Credit,
): Promise<void> {
  const vaeConfig = { _class_name: 'AutoencoderKL', ...config };
  const vae = await downloadWeights(ema);
  if (model) return writeFilesAtomic(out, await replaceVae(model, { vaeConfig, vae }));
  const json = (value: unknown) => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  await writeFilesAtomic(out, { [CREDIT_FILE]: json(credit) });
  await writeFilesAtomic(join(out, 'vae'), {
    [WEIGHTS_FILE]: writeSafetensors(vae, { dtype: 'F32' }),
    'config.json': json(vaeConfig),
  });
}

const PREVIEW_COLUMNS = 12;

/** Rows of held-out images, each above its reconstruction. */
async function writePreview(
  out: string,
  step: number,
  dataset: Dataset,
  heldOut: Int32Array,
  config: AutoencoderKlConfig,
  weights: Weights,
  circular: boolean,
): Promise<void> {
  const count = 4 * PREVIEW_COLUMNS;
  const chosen = Int32Array.from({ length: count }, (_, i) => heldOut[Math.floor((i * heldOut.length) / count)]!);
  const { sheet, l1 } = await reconstructionSheet(dataset, chosen, PREVIEW_COLUMNS, { config, weights, circular });
  const name = `preview-${String(step).padStart(6, '0')}.png`;
  const pixels = { ...scaleSheet(sheet, 2), text: { heldOutL1: l1.toFixed(5) } };
  await writeFileAtomic(join(out, name), encodePng(pixels));
  console.log(`\n${name}: held-out L1 ${l1.toFixed(4)}`);
}
