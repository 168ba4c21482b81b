import { join } from 'node:path';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { INDEX_FILE, WEIGHTS_FILE } from '../../runtime/core/fileNames.ts';
import {
  adaptConditionalVae,
  attributeKinds,
  CONDITIONAL_VAE_DEFAULTS,
  type ConditionalVaeConfig,
  type ConditionalVaeOptions,
  type CvaeNetwork,
  conditionalVaeShapes,
  conditionalVaeTaskSpec,
  conditionalVaeTrainer,
  conditionalVaeTrainingShapes,
  cvaeReconstructionSheet,
  cvaeSheet,
  type Dataset,
  defaultConditionalVaeConfig,
  downloadWeights,
  fitImages,
  type ModelContent,
  type Trainer,
  vocabularyOf,
  type WeightTensor,
  writeSafetensors,
} from '../../runtime/index.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { CREDIT_FILE, type Credit, combineCredits, readCredit, withCredit } from '../node/credit.ts';
import { type NetworkFiles, readConditionalVae, readIndexOf } from '../node/readNetworks.ts';
import { rangeAsUsageError, UsageError } from '../node/usageError.ts';
import { readWholeModel, type WholeModel, withNetworks } from '../node/wholeModel.ts';
import { chooseAttributes } from './chooseAttributes.ts';
import { learntLossNetwork, lossNetworkOf } from './lossNetwork.ts';
import { attributeNotes, augmentNotes, checkSizes, startFolder } from './trainingCheckpoint.ts';
import { checkShift, readTrainingData, type TrainingData } from './trainingData.ts';
import { writePreview, writeReconstructions } from './trainingPreviews.ts';
import { type CommonTrainOptions, gradientsIn, type TrainingPlace, train, trainerOptions } from './trainingRun.ts';

interface ConditionalVaeCommandOptions extends CommonTrainOptions {
  latentSize?: number;
  klWeight?: number;
  klWarmup?: number;
  gradientWeight?: number;
  rareColourWeight: number;
  perceptualWeight: number;
  addTo?: string;
  attributes?: string[];
  condDropProb?: number;
}

/** @throws UsageError for pictures of several frames, which one latent vector can't hold */
function refuseFrames({ name, frames }: Dataset): void {
  if (!frames) return;
  throw new UsageError(
    `train cvae: the images of "${name}" have ${frames.length} frames, which it does not take; train a diffusion model on them by figment train ddpm`,
  );
}

/** A conditional VAE, what it begins with, and what it learns from. */
interface CvaeTraining {
  data: TrainingData;
  config: ConditionalVaeConfig;
  options: ConditionalVaeOptions;
  /** The folder whose network it begins with, and its weights; null: it begins with random ones. */
  folder: string | null;
  start: ReadonlyMap<string, WeightTensor> | null;
  credit: Credit;
}

/** figment train cvae */
export async function trainConditionalVae(command: ConditionalVaeCommandOptions): Promise<void> {
  const training = await readTraining(command);
  const { data, config, options } = training;
  await train(command, {
    kind: 'cvae',
    data,
    options,
    notes: {
      circular: String(options.augment.circular),
      ...augmentNotes(options.augment),
      ...lossNotes(options),
      ...attributeNotes(data.dataset.attributes ?? []),
    },
    shapes: conditionalVaeTrainingShapes(config, options),
    keepsWeights: options.lossNetwork !== null,
    start: async (place) => {
      const trainer = await startTrainer(training, command, place);
      const names = [...conditionalVaeShapes(config).keys()];
      return {
        trainer,
        save: async ({ step }) => {
          const weights = Object.fromEntries(names.map((name) => [name, trainer.ema[name]!])); // without a loss network's
          await saveTraining(training, { config, weights }, command, step);
        },
      };
    },
  });
}

async function readTraining(command: ConditionalVaeCommandOptions): Promise<CvaeTraining> {
  const whole = await readTrainingData(command);
  refuseFrames(whole.dataset);
  checkShift('train cvae', command.shift, whole.dataset);
  const { addTo } = command;
  const model = addTo === undefined ? null : await readWholeModel(addTo);
  const attributes = command.attributes ?? (model ? attributesOfModel(model) : undefined);
  const fitted = model ? seenBy(model, whole.dataset) : whole.dataset;
  const dataset = { ...fitted, attributes: chooseAttributes(fitted, { ...command, attributes }) };
  const options = cvaeOptions(command, dataset, model);
  const folder = startFolder(command, 'cvae');
  const init = folder ? await networkToBegin(folder, dataset, command.seed) : null;
  const config = init?.config ?? newConfig(dataset, command);
  checkSizes('train cvae', { '--latent-size': [command.latentSize, config.latent_size] });
  if (model) checkSame(model, dataset, addTo!);
  const credit = combineCredits([dataset, folder ? await readCredit(folder) : null]);
  return { data: { ...whole, dataset }, config, options, folder, start: init?.weights ?? null, credit };
}

async function startTrainer(
  { data, config, options, folder, start }: CvaeTraining,
  command: ConditionalVaeCommandOptions,
  { workers, resumed }: TrainingPlace,
): Promise<Trainer> {
  const { dataset, split } = data;
  if (folder) checkNetwork(folder, config, dataset, command); // the notes of a run that goes on are compared by now
  const source = gradientsIn(workers, conditionalVaeTaskSpec(config, options));
  const seen = options.lossNetwork && !resumed ? await learntLossNetwork('train cvae', data, workers.length) : [];
  const first = new Map([...(start ?? []), ...seen]);
  return conditionalVaeTrainer(dataset, split.train, config, options, resumed ?? first, source);
}

/** Writes the network, adds it to a model where the command says so, and makes previews of it. */
async function saveTraining(
  { data, config, credit }: CvaeTraining,
  live: CvaeNetwork,
  { out, addTo }: ConditionalVaeCommandOptions,
  step: number,
): Promise<void> {
  const { dataset } = data;
  const cvaeConfig = { _class_name: CLASS_NAME, ...config };
  const trained: TrainedCvae = { cvaeConfig, cvae: await downloadWeights(live.weights) };
  await writeFilesAtomic(out, { [CREDIT_FILE]: encodeJson(credit) });
  await writeFilesAtomic(join(out, 'cvae'), cvaeFiles(trained));
  if (addTo !== undefined) await addToModel(addTo, trained, dataset, credit);
  const samples = await writePreview(out, 'samples', step, await cvaeSheet(live, dataset, SAMPLE_COLUMNS));
  const draw = (images: Int32Array, columns: number) => cvaeReconstructionSheet(live, dataset, images, columns);
  await writeReconstructions(out, step, data, draw, [samples]);
}

/** The network of a folder; that of a whole model keeps what it knows of the attributes of the data, and gets those that it lacks. */
async function networkToBegin(
  folder: string,
  { attributes }: Dataset,
  seed: number,
): Promise<NetworkFiles<ConditionalVaeConfig>> {
  const found = await readConditionalVae(folder);
  const index = await readIndexOf(folder);
  const vocabulary = vocabularyOf(attributes);
  const known = index?.figment.attributes;
  const isKnown = JSON.stringify(known) === JSON.stringify(vocabulary);
  const knowsSome = Object.keys(found.config.attributes).length > 0;
  if (!index || !known || isKnown || !knowsSome || Object.keys(vocabulary).length === 0) return found;
  return adaptConditionalVae({ ...found, labels: index.labels, vocabulary: known }, vocabulary, seed);
}

/** The config of a network that begins with random weights. @throws UsageError when it can't halve the pictures */
function newConfig(dataset: Dataset, { latentSize }: ConditionalVaeCommandOptions): ConditionalVaeConfig {
  const config = defaultConditionalVaeConfig(dataset, latentSize);
  const factor = 2 ** config.block_out_channels.length;
  const { widthPx, heightPx } = dataset;
  if (widthPx % factor === 0 && heightPx % factor === 0) return config;
  throw new UsageError(
    `train cvae: the pictures are ${widthPx}×${heightPx} px; expected multiples of ${factor}, as the network halves them; resize them, or make them smaller with --shrink`,
  );
}

/** @throws UsageError when labels, pictures or attributes of the network that a training begins with are unlike those of the data */
function checkNetwork(
  folder: string,
  config: ConditionalVaeConfig,
  dataset: Dataset,
  { initFrom }: ConditionalVaeCommandOptions,
): void {
  const remedy = initFrom === undefined ? 'go on with the data of the run' : 'leave out --init-from';
  if (config.num_labels !== dataset.labels.length) {
    throw new UsageError(
      `train cvae: ${folder} knows ${config.num_labels} labels, the data has ${dataset.labels.length}; choose them with --labels, or ${remedy}`,
    );
  }
  checkSize(folder, sizeOfNetwork(config), dataset, remedy);
  if (JSON.stringify(config.attributes) !== JSON.stringify(attributeKinds(vocabularyOf(dataset.attributes)))) {
    throw new UsageError(
      `train cvae: ${folder} knows other attributes than the data; choose them with --attributes, or ${remedy}`,
    );
  }
}

const SAMPLE_COLUMNS = 12;

/** The options of a training; a model whose examples decide on what a recipe leaves open has no use for pictures that are told less. */
function cvaeOptions(
  command: ConditionalVaeCommandOptions,
  dataset: Dataset,
  model: WholeModel | null,
): ConditionalVaeOptions {
  return {
    ...trainerOptions(command, CONDITIONAL_VAE_DEFAULTS),
    klWeight: command.klWeight ?? CONDITIONAL_VAE_DEFAULTS.klWeight,
    klWarmupSteps: command.klWarmup ?? CONDITIONAL_VAE_DEFAULTS.klWarmupSteps,
    gradientWeight: command.gradientWeight ?? CONDITIONAL_VAE_DEFAULTS.gradientWeight,
    rareColourWeight: command.rareColourWeight,
    perceptualWeight: command.perceptualWeight,
    lossNetwork: lossNetworkOf('train cvae', dataset, command.perceptualWeight),
    condDropProb: command.condDropProb ?? (model?.index.figment.examples ? 0 : CONDITIONAL_VAE_DEFAULTS.condDropProb),
    balanced: command.balanced ?? false,
    augment: { flip: command.flip ?? false, shiftPx: command.shift, circular: command.circular ?? false },
  };
}

/** The options of the loss, as a checkpoint notes them: a training that went on with others would end as neither of the two. */
function lossNotes(options: ConditionalVaeOptions): Record<string, string> {
  const { klWeight, klWarmupSteps, gradientWeight, condDropProb } = options;
  const more = { '--rare-colour-weight': options.rareColourWeight, '--perceptual-weight': options.perceptualWeight };
  const given = Object.entries(more).filter(([, weight]) => weight > 0);
  const others = given.map(([option, weight]) => ` ${option} ${weight}`).join('');
  return {
    loss: `--kl-weight ${klWeight} --kl-warmup ${klWarmupSteps} --gradient-weight ${gradientWeight}${others}`,
    condDropProb: String(condDropProb),
  };
}

/** The pictures with the channels of the model's: see `fitImages`. */
function seenBy({ index }: WholeModel, dataset: Dataset): Dataset {
  const { channels } = index.figment;
  return rangeAsUsageError(() => fitImages(dataset, { ...dataset, channels }), 'train cvae');
}

/** The names of a model's attributes as --attributes takes them. */
function attributesOfModel({ index }: WholeModel): string[] {
  const names = Object.keys(index.figment.attributes ?? {});
  return names.length > 0 ? names : ['none'];
}

interface PictureSize {
  widthPx: number;
  heightPx: number;
  channels: number;
}

function sizeOfNetwork({ sample_size: [heightPx, widthPx], in_channels }: ConditionalVaeConfig): PictureSize {
  return { widthPx, heightPx, channels: in_channels };
}

/** @throws UsageError when pictures of a network or a model are not as large as those of the data, or of other channels */
function checkSize(name: string, size: PictureSize, data: PictureSize, remedy: string): void {
  const [known, given] = [size, data].map(
    ({ widthPx, heightPx, channels }) => `${widthPx}×${heightPx} px with ${channels} channels`,
  );
  if (known === given) return;
  throw new UsageError(`train cvae: ${name} makes ${known}, the data are ${given}; ${remedy}`);
}

/** @throws UsageError when labels or attributes of a model, in their order, or its pictures' size are not those of the data */
function checkSame({ index }: WholeModel, dataset: Dataset, dir: string): void {
  const { labels, attributes } = dataset;
  const remedy = 'name the data that the model was trained on';
  checkSize(dir, index.figment, dataset, remedy);
  if (index.labels.join('\n') !== labels.join('\n')) {
    throw new UsageError(
      `train cvae: ${dir} has the labels ${index.labels.join(', ')}, the data ${labels.join(', ')}; ${remedy}`,
    );
  }
  const [known, chosen] = [index.figment.attributes ?? {}, vocabularyOf(attributes)].map((all) => JSON.stringify(all));
  if (known === chosen) return;
  throw new UsageError(`train cvae: ${dir} knows other attributes, or other values of them, than the data; ${remedy}`);
}

const CLASS_NAME = 'ClassConditionalVae';

type TrainedCvae = Required<Pick<ModelContent, 'cvaeConfig' | 'cvae'>>;

/** Puts the network into a model as it is by now; of what others may have changed meanwhile nothing is written. */
async function addToModel(dir: string, trained: TrainedCvae, dataset: Dataset, credit: Credit): Promise<void> {
  const model = await readWholeModel(dir);
  checkSame(model, dataset, dir);
  const credited = withCredit(model, combineCredits([model.index.figment, credit]));
  const files = Object.entries(await withNetworks(credited, trained));
  const own = files.filter(([path]) => path.startsWith('cvae/') || path === INDEX_FILE);
  await writeFilesAtomic(dir, Object.fromEntries(own));
}

/** The files of the folder cvae/, in float16 as in a model folder. */
function cvaeFiles({ cvaeConfig, cvae }: TrainedCvae) {
  return {
    [WEIGHTS_FILE]: writeSafetensors(cvae, { dtype: 'F16', metadata: { format: 'pt' } }),
    'config.json': encodeJson(cvaeConfig),
  };
}
