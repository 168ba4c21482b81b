import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type AutoencoderKlConfig,
  autoencoderKlShapes,
  channelNames,
  type Dataset,
  defaultVaeConfig,
  downloadWeights,
  forChannels,
  type LiveVae,
  type NumValues,
  parseAutoencoderKlConfig,
  reconstructionSheet,
  VAE_DEFAULTS,
  type VaeOptions,
  vaeTaskSpec,
  vaeTrainer,
  vaeTrainingShapes,
  writeSafetensors,
} from '../../runtime/index.ts';
import { encodeJson, writeFilesAtomic } from '../node/atomicWrite.ts';
import { CREDIT_FILE, type Credit, combineCredits, readCredit } from '../node/credit.ts';
import { framesAsPictures } from '../node/readDataset.ts';
import { readVae, WEIGHTS_FILE } from '../node/readNetworks.ts';
import { UsageError } from '../node/usageError.ts';
import { readWholeModel, type WholeModel, withNetworks } from '../node/wholeModel.ts';
import { startFolder } from './trainingCheckpoint.ts';
import {
  type CommonTrainOptions,
  gradientsIn,
  readTrainingData,
  train,
  trainerOptions,
  writeReconstructions,
} from './trainingRun.ts';

interface VaeCommandOptions extends CommonTrainOptions {
  klWeight?: number;
  reconstruction: 'l1' | 'l2';
  l2Weight: number;
  gradientWeight: number;
  coarseWeight: number;
  channelWeights?: number[];
  adversarialWeight: number;
  colourJitter: number;
  crop: number;
  freezeEncoder?: boolean;
  latentNoise: number;
  widths?: number[];
  latentChannels?: number;
}

/** figment train vae */
export async function trainVae(command: VaeCommandOptions): Promise<void> {
  const data = framesAsPictures(await readTrainingData(command));
  const { dataset, split } = data;
  const folder = startFolder(command, 'vae');
  if (command.freezeEncoder && !folder) {
    throw new UsageError(
      'train vae: --freeze-encoder keeps an encoder that has learned; say whose it is with --init-from',
    );
  }
  const found = folder ? await readVae(folder) : null;
  const init = found && forChannels(found, dataset.channels);
  if (init && folder) checkChannels(init.config, dataset, folder);
  const config = init?.config ?? newConfig(dataset, command);
  checkCrop(command.crop, dataset, config);
  const credit = combineCredits([dataset, folder ? await readCredit(folder) : null]);
  const model = command.freezeEncoder && folder && isWholeModel(folder) ? await readWholeModel(folder) : null;
  const options = vaeOptions(command, dataset, model?.index.figment.circularPadding);
  const { freezeEncoder, circular } = options;
  await train(command, {
    kind: 'vae',
    data,
    options,
    notes: { circular: String(circular) },
    shapes: vaeTrainingShapes(config, options),
    keepsWeights: freezeEncoder,
    start: ({ workers, resumed }) => {
      if (!model) refuseWholeModel(command.out);
      const source = gradientsIn(workers, vaeTaskSpec(config, options));
      const trainer = vaeTrainer(dataset, split.train, config, options, resumed ?? init?.weights, source);
      const names = [...autoencoderKlShapes(config).keys()];
      return {
        trainer,
        save: async ({ step }) => {
          const weights = Object.fromEntries(names.map((name) => [name, trainer.ema[name]!])); // without a discriminator's
          const vae = { config, weights, circular };
          await saveVae(command.out, vae, model, credit);
          await writeReconstructions(command.out, step, data, (images, columns) =>
            reconstructionSheet(dataset, images, columns, vae),
          );
        },
      };
    },
  });
}

function checkChannels({ in_channels }: AutoencoderKlConfig, { channels }: Dataset, folder: string): void {
  if (in_channels === channels) return;
  const names = channelNames(channels).join(', ');
  throw new UsageError(
    `train vae: the auto-encoder of ${folder} takes ${in_channels} channels, the data have ${channels}: ${names}; leave out --init-from`,
  );
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

/** @throws UsageError when the crop is larger than the tiles, or the network cannot halve it as often as it does */
function checkCrop(cropPx: number, { widthPx, heightPx }: Dataset, config: AutoencoderKlConfig): void {
  const factor = 2 ** (config.block_out_channels.length - 1);
  const maxPx = Math.min(widthPx, heightPx);
  if (cropPx % factor === 0 && cropPx <= maxPx) return;
  throw new UsageError(
    `train vae: --crop is ${cropPx}; expected a multiple of ${factor} of at most ${maxPx} px, or 0 for whole pictures`,
  );
}

const isWholeModel = (dir: string) => existsSync(join(dir, 'model_index.json'));

/** Refuses a folder whose U-Net was trained on the latents of another auto-encoder. */
function refuseWholeModel(out: string): void {
  if (!isWholeModel(out)) return;
  throw new UsageError(
    `train vae: ${out} holds a whole model, whose U-Net fits its auto-encoder's latents alone; choose another --out, or train the decoder alone with --freeze-encoder --init-from ${out}`,
  );
}

/** @param circular what the model says that the decoder is trained for; the command may ask for it too */
function vaeOptions(command: VaeCommandOptions, { channels }: Dataset, circular = false): VaeOptions {
  const isCircular = command.circular ?? circular;
  return {
    ...trainerOptions(command, VAE_DEFAULTS),
    reconstruction: command.reconstruction,
    klWeight: command.klWeight ?? VAE_DEFAULTS.klWeight,
    l2Weight: command.l2Weight,
    gradientWeight: command.gradientWeight,
    coarseWeight: command.coarseWeight,
    adversarialWeight: command.adversarialWeight,
    channelWeights: channelWeights(command, channels),
    freezeEncoder: command.freezeEncoder ?? false,
    latentNoise: command.latentNoise,
    balanced: command.balanced ?? false,
    circular: isCircular,
    augment: {
      flip: command.flip ?? false,
      shiftPx: command.shift,
      circular: isCircular,
      permuteChannels: command.permuteChannels,
      colourJitter: command.colourJitter,
      cropPx: command.crop,
    },
  };
}

/** @throws UsageError when there is not one for each channel of the data */
function channelWeights({ channelWeights }: VaeCommandOptions, channels: NumValues): number[] | null {
  if (channelWeights === undefined) return null;
  if (channelWeights.length === channels) return channelWeights;
  throw new UsageError(
    `train vae: --channel-weights has ${channelWeights.length} numbers; expected ${channels}, of ${channelNames(channels).join(', ')}`,
  );
}

/** Writes the folder vae/, or the whole model that the VAE belongs to, ready for use. */
async function saveVae(out: string, { config, weights }: LiveVae, model: WholeModel | null, credit: Credit) {
  const vaeConfig = { _class_name: 'AutoencoderKL', ...config };
  const vae = await downloadWeights(weights);
  if (model) return writeFilesAtomic(out, await withNetworks(model, { vaeConfig, vae }));
  await writeFilesAtomic(out, { [CREDIT_FILE]: encodeJson(credit) });
  await writeFilesAtomic(join(out, 'vae'), {
    [WEIGHTS_FILE]: writeSafetensors(vae, { dtype: 'F32' }),
    'config.json': encodeJson(vaeConfig),
  });
}
