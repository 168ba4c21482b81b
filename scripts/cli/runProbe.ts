import { setImmediate as pause } from 'node:timers/promises';
import {
  type Dataset,
  downloadWeights,
  encodeColumns,
  formatProbe,
  type LatentDataset,
  loadModelFolder,
  localEncoder,
  type ModelFiles,
  PROBE_DEFAULTS,
  type ProbedModel,
  parseAutoencoderKlConfig,
  probeAccuracy,
  probeOfWeights,
  probeTrainer,
  type Trainer,
} from '../../runtime/index.ts';
import { diskSource } from '../node/diskSource.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { encodeAll } from '../node/openLatents.ts';
import { startProgress } from '../node/terminal.ts';
import { UsageError } from '../node/usageError.ts';
import { checkVocabulary, readDataOfModel, withAttributesOf } from './dataOfModel.ts';
import { writeModelEntry } from './modelEntry.ts';

export interface ProbeFlags {
  data?: string;
  extraData?: string;
  rate: number;
  steps: number;
  heldOut: number;
  holdOutBy?: string[];
  splitSeed: number;
}

/** The work of `figment probe`. */
export async function giveProbe(folder: string, flags: ProbeFlags): Promise<void> {
  const files = await loadModelFolder(diskSource(folder), { acceptChanged: true });
  if (flags.data === undefined) {
    await writeModelEntry(folder, 'probe');
    return console.log(`probe: ${folder} has none now`);
  }
  const model = probedModel(folder, files);
  const choice = { ...flags, data: flags.data, seed: flags.splitSeed };
  const { dataset, split } = await readDataOfModel('probe', files, choice);
  const told = withAttributesOf(files, dataset);
  checkVocabulary('probe', files, told);
  const { release } = await openNodeBackend('wasm');
  try {
    const [train, heldOut] = [
      await latentsOf(told, split.train, files, model),
      await latentsOf(told, split.heldOut, files, model),
    ];
    const trainer = probeTrainer(train, model, { ...PROBE_DEFAULTS, numSteps: flags.steps });
    try {
      await run(trainer, flags.steps);
      await writeModelEntry(
        folder,
        'probe',
        formatProbe(probeOfWeights(await downloadWeights(trainer.ema), flags.rate)),
      );
      const accuracy = Object.entries(await probeAccuracy(trainer.ema, heldOut, model));
      const read = accuracy.map(([name, share]) => `${name} ${share.toFixed(2)}`).join(', ');
      console.log(
        `probe: written to ${folder}; of ${split.heldOut.length} images it reads ${read || 'nothing, since none is held out'}`,
      );
    } finally {
      await trainer.dispose();
    }
  } finally {
    release();
  }
}

/** @throws UsageError for a model of pixels */
function probedModel(folder: string, { index, vaeConfig }: ModelFiles): ProbedModel {
  if (vaeConfig === undefined) {
    throw new UsageError(
      `probe: ${folder} has no auto-encoder, and a probe reads latents; name a model that was trained with --vae`,
    );
  }
  const { labels, figment } = index;
  return { labels, vocabulary: figment.attributes ?? {}, vaeConfig: parseAutoencoderKlConfig(vaeConfig) };
}

async function latentsOf(
  dataset: Dataset,
  indices: Int32Array,
  { index, vae }: ModelFiles,
  { vaeConfig }: ProbedModel,
): Promise<LatentDataset> {
  const circular = index.figment.circularPadding;
  const encoder = localEncoder({ config: vaeConfig, weights: vae, circular });
  const origin = { dataset, indices, vae: { config: vaeConfig, weights: vae }, circular, flip: false };
  return { ...(await encodeAll(origin, [encoder])), attributes: encodeColumns(dataset.attributes ?? [], indices) };
}

async function run(trainer: Trainer, numSteps: number): Promise<void> {
  const progress = startProgress('probe');
  try {
    for await (const { step, loss, progress: share } of trainer.run()) {
      progress.update(share, `step ${step} of ${numSteps}, loss ${loss.toFixed(3)}`);
      await pause(); // for Ctrl-C
    }
  } finally {
    progress.stop();
  }
}
