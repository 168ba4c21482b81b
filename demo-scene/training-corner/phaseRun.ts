// The two phases of a training, as figment train runs them, with networks that fit a page.
import {
  composeSheet,
  createModel,
  type Dataset,
  diffusionTrainer,
  downloadWeights,
  encodeDataset,
  type LatentDataset,
  latentStatistics,
  loadModelFolder,
  localEncoder,
  membersOf,
  memorySource,
  modelContent,
  modelFolderFiles,
  type PixelImage,
  reconstructionSheet,
  sampleSheet,
  type Trainer,
  type TrainerState,
  toPixels,
  toPremultiplied,
  vaeTrainer,
  type WeightTensor,
} from '../../runtime/index.ts';
import type { SampleSheet, TrainingSettings } from './protocol.ts';
import { diffusionOptionsOf, smallUNetConfig, smallVaeConfig, vaeOptionsOf } from './smallTraining.ts';

/** A phase that is running. */
export interface PhaseRun {
  trainer: Trainer;
  /** Makes a sheet that shows what it has learned. */
  sheet(): Promise<SampleSheet>;
}

/** Gives messages a chance to arrive between two pieces of work. */
export type LetIn = () => Promise<void>;

type StoredWeights = ReadonlyMap<string, WeightTensor>;

const COLUMNS = 8;
const MAX_RECONSTRUCTED_LABELS = 3;
const MAX_SHOWN_LABELS = 8;
const SHEET_STEPS = 12;

export function startVae(dataset: Dataset, settings: TrainingSettings, state: TrainerState | null): PhaseRun {
  const config = smallVaeConfig(dataset);
  const all = Int32Array.from(dataset.classLabels.keys());
  const trainer = vaeTrainer(dataset, all, config, vaeOptionsOf(settings, dataset), state ?? undefined);
  return {
    trainer,
    async sheet() {
      const { indices, labels } = firstOfLabels(dataset, MAX_RECONSTRUCTED_LABELS);
      const vae = { config, weights: trainer.ema, circular: false };
      const { sheet } = await reconstructionSheet(dataset, indices, COLUMNS, vae);
      const captions = labels.flatMap((label) => [label, 'decoded']);
      return { title: 'Pictures, and what the auto-encoder makes of them', captions, picture: pictureOf(sheet) };
    },
  };
}

/** Encodes all pictures by the auto-encoder that the first phase has trained. */
export async function encodePictures(dataset: Dataset, vae: StoredWeights, letIn: LetIn): Promise<LatentDataset> {
  const config = smallVaeConfig(dataset);
  const encoder = localEncoder({ config, weights: vae, circular: false });
  try {
    const all = Int32Array.from(dataset.classLabels.keys());
    return await encodeDataset(dataset, all, config, [encoder], { flip: false }, letIn);
  } finally {
    encoder.dispose();
  }
}

export function startDdpm(
  dataset: Dataset,
  vae: StoredWeights,
  latents: LatentDataset,
  settings: TrainingSettings,
  state: TrainerState | null,
  letIn: LetIn,
): PhaseRun {
  const options = diffusionOptionsOf(settings);
  const config = smallUNetConfig(dataset);
  const trainer = diffusionTrainer(latents, latentStatistics(latents), config, options, state ?? undefined);
  return {
    trainer,
    async sheet() {
      const files = await modelFiles(dataset, vae, latents, await downloadWeights(trainer.ema), settings);
      const model = createModel(await loadModelFolder(memorySource(files)));
      try {
        const sheet = await sampleSheet(model, { columns: COLUMNS, numInferenceSteps: SHEET_STEPS }, letIn);
        return { title: 'Pictures of the model, made just now', captions: dataset.labels, picture: pictureOf(sheet) };
      } finally {
        model.dispose();
      }
    },
  };
}

/** The files of a model folder, path → bytes, with weights of half precision. */
export function modelFiles(
  dataset: Dataset,
  vae: StoredWeights,
  latents: LatentDataset,
  unet: StoredWeights,
  settings: TrainingSettings,
): Promise<Record<string, Uint8Array>> {
  const networks = [
    { config: smallVaeConfig(dataset), weights: vae },
    { config: smallUNetConfig(dataset), weights: unet },
  ] as const;
  const statistics = latentStatistics(latents);
  const content = modelContent(dataset, networks[0], statistics, networks[1], diffusionOptionsOf(settings), [
    ...dataset.classLabels.keys(),
  ]);
  return modelFolderFiles(content, { dtype: 'F16' });
}

/** A sheet with some of the pictures to learn from. */
export function datasetSheet(dataset: Dataset): SampleSheet {
  const { widthPx, heightPx, channels, images } = dataset;
  const { indices, labels } = firstOfLabels(dataset, MAX_SHOWN_LABELS);
  const size = widthPx * heightPx * channels;
  const tiles = Array.from(indices, (i) => {
    return toPixels(toPremultiplied(images.subarray(i * size, (i + 1) * size), channels), channels);
  });
  const picture = pictureOf(composeSheet(tiles, COLUMNS, widthPx, heightPx));
  return { title: 'Some of the pictures to learn from', captions: labels, picture };
}

/** Picks pictures of each of the first labels, and repeats those of a label that has only a few. */
function firstOfLabels({ labels, classLabels }: Dataset, maxLabels: number): { indices: Int32Array; labels: string[] } {
  const shown = labels.slice(0, maxLabels);
  const indices = shown.flatMap((_, label) => {
    const members = membersOf(classLabels, label);
    return Array.from({ length: COLUMNS }, (_, i) => members[i % members.length]!);
  });
  return { indices: Int32Array.from(indices), labels: shown };
}

function pictureOf({ width, height, pixels }: PixelImage): SampleSheet['picture'] {
  return { width, height, pixels: new Uint8Array(pixels) };
}
