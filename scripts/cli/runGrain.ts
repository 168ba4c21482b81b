import { evenlySpread } from '../../runtime/core/evenlySpread.ts';
import {
  type Dataset,
  type DiffusionModel,
  datasetOfPictures,
  FIT_TEXTON_DEFAULTS,
  fitTexton,
  formatGrain,
  imagesOfDataset,
  type ModelFiles,
  membersOf,
  reconstruct,
  type TextonData,
} from '../../runtime/index.ts';
import { labelProblem } from '../../runtime/recipe/label.ts';
import { letEventsIn } from '../node/interrupt.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { buildModel } from '../node/openModel.ts';
import { withProgress } from '../node/terminal.ts';
import { rangeAsUsageError, UsageError } from '../node/usageError.ts';
import { autoencoderOf } from './dataLatents.ts';
import { readDataOfModel } from './dataOfModel.ts';
import { loadWithoutEntry, writeModelEntry } from './modelEntry.ts';
import type { DataOfModelCommandOptions } from './optionParsers.ts';

export interface GrainCommandOptions extends DataOfModelCommandOptions {
  quiet: number;
  labels?: string[];
}

/** So many pictures of a label are looked at; more tell hardly more. */
const MAX_PICTURES = 64;

/** The work of `figment grain`. */
export async function giveGrain(folder: string, command: GrainCommandOptions): Promise<void> {
  const files = await loadWithoutEntry(folder, 'grain');
  if (command.data === undefined) {
    await writeModelEntry(folder, 'grain');
    return console.log(`grain: ${folder} has none now`);
  }
  autoencoderOf(files, { operation: 'grain', folder, use: 'grain is what one loses' });
  checkOpaque(files, folder);
  const labels = chosenLabels(files, command.labels);
  const choice = { ...command, data: command.data, seed: command.splitSeed };
  const { dataset, split } = await readDataOfModel('grain', files, choice);
  const { release } = await openNodeBackend('wasm');
  const model = buildModel(files);
  try {
    const textons = await rangeAsUsageError(
      () => textonsOf(model, dataset, split.train, { labels, quietShare: command.quiet }),
      'grain',
    );
    await writeModelEntry(folder, 'grain', formatGrain({ side: FIT_TEXTON_DEFAULTS.side, textons }));
    console.log(`grain: that of ${labels.length} labels, written to ${folder}`);
  } finally {
    model.dispose();
    release();
  }
}

/** @throws UsageError for a model of pictures with alpha, or of frames, which are cut out of what is behind them */
function checkOpaque({ index: { figment } }: ModelFiles, folder: string): void {
  if (figment.channels !== 4 && !figment.frames) return;
  const what = figment.frames ? 'frames' : 'transparency';
  throw new UsageError(
    `grain: ${folder} makes pictures with ${what}; expected a model of whole ones, such as materials`,
  );
}

/** @throws UsageError for a label that the model lacks */
function chosenLabels({ index: { labels } }: ModelFiles, named: readonly string[] = labels): string[] {
  for (const label of named) {
    const problem = labelProblem(labels, label);
    if (problem) throw new UsageError(`grain: --labels: ${problem}`);
  }
  return [...new Set(named)];
}

/** The textons of all labels of the model, one behind the other; of those that get none, of zeros. */
async function textonsOf(
  model: DiffusionModel,
  dataset: Dataset,
  train: Int32Array,
  { labels, quietShare }: { labels: readonly string[]; quietShare: number },
): Promise<Float32Array> {
  const size = FIT_TEXTON_DEFAULTS.side ** 2 * model.index.figment.channels;
  const textons = new Float32Array(model.index.labels.length * size);
  await withProgress('grain', async (onProgress) => {
    for (const [i, label] of labels.entries()) {
      const members = membersOf(dataset.classLabels, dataset.labels.indexOf(label), train);
      const chosen = Int32Array.from(evenlySpread(members, Math.min(members.length, MAX_PICTURES)));
      const data = await decodedToo(model, dataset, chosen, (share) => onProgress((i + share) / labels.length));
      textons.set(fitTexton(data, { quietShare }), model.index.labels.indexOf(label) * size);
      await letEventsIn();
    }
  });
  return textons;
}

/** Pictures of the data, and what the auto-encoder makes of them. */
async function decodedToo(
  model: DiffusionModel,
  dataset: Dataset,
  chosen: Int32Array,
  onProgress: (share: number) => void,
): Promise<TextonData> {
  const real = imagesOfDataset(dataset, chosen);
  const { pictures } = await reconstruct(model, real, onProgress);
  const remade = datasetOfPictures(pictures, real.classLabels, dataset);
  const decoded = imagesOfDataset(remade, Int32Array.from(chosen.keys()));
  return { shape: real.shape, real: real.values, decoded: decoded.values };
}
