import { setImmediate as pause } from 'node:timers/promises';
import {
  downloadWeights,
  formatProbe,
  type LatentDataset,
  type LinearProbe,
  PROBE_DEFAULTS,
  type ProbedModel,
  probeAccuracy,
  probeOfWeights,
  probeTrainer,
} from '../../runtime/index.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { startProgress } from '../node/terminal.ts';
import { autoencoderOf, dataLatents } from './dataLatents.ts';
import { readKnownData } from './dataOfModel.ts';
import { loadWithoutEntry, writeModelEntry } from './modelEntry.ts';
import type { DataOfModelCommandOptions } from './optionParsers.ts';

export interface ProbeCommandOptions extends DataOfModelCommandOptions {
  rate: number;
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
  const choice = { ...command, data: command.data, seed: command.splitSeed };
  const { dataset, split } = await readKnownData('probe', files, choice);
  const { release } = await openNodeBackend('wasm');
  try {
    const latents = (indices: Int32Array) => dataLatents(dataset, indices, files, vaeConfig);
    const [train, heldOut] = [await latents(split.train), await latents(split.heldOut)];
    const { probe, accuracy } = await fitted(train, heldOut, model, command);
    await writeModelEntry(folder, 'probe', formatProbe(probe));
    const read = Object.entries(accuracy).map(([name, share]) => `${name} ${share.toFixed(2)}`);
    const told = read.join(', ') || 'nothing, since none is held out';
    console.log(`probe: written to ${folder}; of ${split.heldOut.length} images it reads ${told}`);
  } finally {
    release();
  }
}

/** The probe, and how often it is right about images that did not train. */
async function fitted(
  train: LatentDataset,
  heldOut: LatentDataset,
  model: ProbedModel,
  { rate, steps }: ProbeCommandOptions,
): Promise<{ probe: LinearProbe; accuracy: Record<string, number> }> {
  const numSteps = steps ?? PROBE_DEFAULTS.numSteps;
  const trainer = probeTrainer(train, model, { ...PROBE_DEFAULTS, numSteps });
  const progress = startProgress('probe');
  try {
    for await (const { step, loss, progress: share } of trainer.run()) {
      progress.update(share, `step ${step} of ${numSteps}, loss ${loss.toFixed(3)}`);
      await pause(); // for Ctrl-C
    }
    const accuracy = await probeAccuracy(trainer.ema, heldOut, model);
    return { probe: probeOfWeights(await downloadWeights(trainer.ema), rate), accuracy };
  } finally {
    progress.stop();
    await trainer.dispose();
  }
}
