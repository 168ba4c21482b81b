import { setImmediate as pause } from 'node:timers/promises';
import { MAX_STORED_BYTES } from '../../runtime/core/base64.ts';
import { MAX_PROBE_LOGIT, numProbeWords, probeGroups } from '../../runtime/core/linearProbe.ts';
import {
  downloadWeights,
  formatProbe,
  type LatentDataset,
  type LinearProbe,
  latentShape,
  nearestWord,
  PROBE_DEFAULTS,
  type ProbedModel,
  type ProbeReading,
  probeOfWeights,
  probeReadings,
  probeTrainer,
} from '../../runtime/index.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { startProgress } from '../node/terminal.ts';
import { UsageError } from '../node/usageError.ts';
import { autoencoderOf, dataLatents } from './dataLatents.ts';
import { readKnownData } from './dataOfModel.ts';
import { loadWithoutEntry, writeModelEntry } from './modelEntry.ts';
import type { DataOfModelCommandOptions } from './optionParsers.ts';

export interface ProbeCommandOptions extends DataOfModelCommandOptions {
  rate: number;
  grid?: number;
  /** By how much the margins of the label and of attributes are multiplied. */
  emphasis?: Record<string, number>;
  steps?: number;
}

/** The work of `figment probe`. */
export async function giveProbe(folder: string, command: ProbeCommandOptions): Promise<void> {
  const files = await loadWithoutEntry(folder, 'probe');
  if (command.data === undefined) {
    await writeModelEntry(folder, 'probe');
    return console.log(`probe: ${folder} has none now`);
  }
  const vaeConfig = autoencoderOf(files, { operation: 'probe', folder, use: 'a probe reads latents' });
  const { labels, figment } = files.index;
  const model = { labels, vocabulary: figment.attributes ?? {}, vaeConfig };
  checkEmphasis(command.emphasis, model);
  const choice = { ...command, data: command.data, seed: command.splitSeed };
  const { dataset, split } = await readKnownData('probe', files, choice);
  const grid = gridFor(latentShape(dataset, vaeConfig), model, command.grid);
  const { release } = await openNodeBackend('wasm');
  try {
    const latents = (indices: Int32Array) => dataLatents(dataset, indices, files, vaeConfig);
    const [train, heldOut] = [await latents(split.train), await latents(split.heldOut)];
    const { probe, readings } = await fitted(train, heldOut, model, { ...command, grid });
    await writeModelEntry(folder, 'probe', formatProbe(probe));
    const known = readings.filter(({ numKnown }) => numKnown > 0);
    const read = known.map(({ name, accuracy }) => `${name} ${accuracy.toFixed(2)}`);
    const told = read.join(', ') || 'nothing, since none is held out';
    console.log(`probe: written to ${folder}; of ${split.heldOut.length} images it reads ${told}`);
  } finally {
    release();
  }
}

/** Cells a side: those asked for, or as many as latents have and an index can hold. @throws UsageError for more than that */
export function gridFor(
  [height, width, channels]: LatentDataset['shape'],
  { labels, vocabulary }: Pick<ProbedModel, 'labels' | 'vocabulary'>,
  asked?: number,
): number {
  const bytesPerCell = numProbeWords(labels.length, vocabulary) * channels;
  const most = Math.floor(Math.sqrt(MAX_STORED_BYTES / bytesPerCell));
  const grid = asked ?? Math.min(PROBE_DEFAULTS.grid, height, width, Math.max(most, 1));
  if (grid <= most) return grid;
  throw new UsageError(
    `probe: ${grid}×${grid} cells of ${bytesPerCell} bytes each are more than the ${MAX_STORED_BYTES} that model_index.json may hold; ${
      most > 0 ? `name a --grid of at most ${most}` : 'a model of fewer labels and words can have a probe'
    }`,
  );
}

/** @throws UsageError for the emphasis of what a probe does not read */
function checkEmphasis(emphasis: Record<string, number> = {}, { labels, vocabulary }: ProbedModel): void {
  const read = probeGroups(labels.length, vocabulary).map(({ name }) => name);
  const unknown = Object.keys(emphasis).find((name) => !read.includes(name));
  if (unknown === undefined) return;
  throw new UsageError(
    `probe: --emphasis: a probe does not read "${unknown}"; did you mean "${nearestWord(read, unknown)}"? It reads ${read.join(', ')}`,
  );
}

/** The probe, as sure as it is of the images that trained; and what it reads in those that did not. */
async function fitted(
  train: LatentDataset,
  heldOut: LatentDataset,
  model: ProbedModel,
  { rate, grid, emphasis = {}, steps }: ProbeCommandOptions & { grid: number },
): Promise<{ probe: LinearProbe; readings: ProbeReading[] }> {
  const numSteps = steps ?? PROBE_DEFAULTS.numSteps;
  const trainer = probeTrainer(train, model, { ...PROBE_DEFAULTS, numSteps, grid });
  const progress = startProgress('probe');
  try {
    for await (const { step, loss, progress: share } of trainer.run()) {
      progress.update(share, `step ${step} of ${numSteps}, loss ${loss.toFixed(3)}`);
      await pause(); // for Ctrl-C
    }
    const readings = (of: LatentDataset) => probeReadings(trainer.ema, of, model, { grid });
    const margins = Float32Array.from(await readings(train), ({ name, margin }) =>
      Math.min(margin * (emphasis[name] ?? 1), MAX_PROBE_LOGIT),
    );
    const probe = probeOfWeights(await downloadWeights(trainer.ema), { grid, rate, margins });
    return { probe, readings: await readings(heldOut) };
  } finally {
    progress.stop();
    await trainer.dispose();
  }
}
