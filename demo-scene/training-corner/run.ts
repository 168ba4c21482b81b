import {
  autoencoderKlShapes,
  checkWeights,
  type Dataset,
  decodeCheckpoint,
  encodeCheckpoint,
  type LatentDataset,
  type TrainerState,
  unet2dShapes,
} from '../../runtime/index.ts';
import { LossCurve } from './lossCurve.ts';
import {
  PHASES,
  type Phase,
  type PhaseProgress,
  SETTINGS_DEFAULTS,
  type Settings,
  type Sheet,
  type TrainingState,
} from './protocol.ts';
import type { StoredRun } from './runStore.ts';
import { shareOf } from './settings.ts';
import { smallUNetConfig, smallVaeConfig } from './smallNetworks.ts';

type PerPhase<Value> = Record<Phase, Value>;

/** One training, begun or not, and what it has come to. */
export interface Run {
  dataset: Dataset;
  isBuiltIn: boolean;
  settings: Settings;
  phase: Phase;
  curves: PerPhase<LossCurve>;
  measured: PerPhase<Omit<PhaseProgress, 'curve' | 'share'>>;
  /** As of the last save. */
  states: PerPhase<TrainerState | null>;
  latents: LatentDataset | null;
  sheet: Sheet | null;
}

export function freshRun(dataset: Dataset, isBuiltIn: boolean, settings: Settings): Run {
  return {
    dataset,
    isBuiltIn,
    settings,
    phase: 'vae',
    curves: { vae: new LossCurve(), ddpm: new LossCurve() },
    measured: { vae: measuredAt(null), ddpm: measuredAt(null) },
    states: { vae: null, ddpm: null },
    latents: null,
    sheet: null,
  };
}

export function packRun({ dataset, isBuiltIn, settings, phase, curves, states, sheet }: Run): StoredRun {
  const bytesOf = (state: TrainerState | null) => state && encodeCheckpoint(state);
  return {
    dataset,
    isBuiltIn,
    settings,
    phase,
    curves: { vae: curves.vae.store(), ddpm: curves.ddpm.store() },
    sheet,
    checkpoint: bytesOf(states[phase]),
    vae: phase === 'vae' ? null : bytesOf(states.vae),
  };
}

/** @throws Error when a part is missing, damaged, or of other networks */
export function unpackRun({ checkpoint, vae, curves, ...stored }: StoredRun): Run {
  const { phase, dataset } = stored;
  const read = (bytes: Uint8Array | null, of: Phase) => bytes && readState(bytes, of, dataset);
  const present = read(checkpoint, phase);
  const states = phase === 'vae' ? { vae: present, ddpm: null } : { vae: read(vae, 'vae'), ddpm: present };
  if (phase === 'ddpm' && !states.vae) throw new Error('its auto-encoder is missing');
  return {
    ...stored,
    states,
    curves: { vae: LossCurve.restore(curves.vae), ddpm: LossCurve.restore(curves.ddpm) },
    measured: { vae: measuredAt(states.vae), ddpm: measuredAt(states.ddpm) },
    latents: null,
  };
}

/** Goes back to the last save. */
export function rewindRun({ curves, measured, states }: Run): void {
  for (const phase of PHASES) {
    measured[phase] = measuredAt(states[phase]);
    curves[phase].rewind(measured[phase].step);
  }
}

/** What the panel shows of a training. */
export function describeRun(run: Run): Omit<TrainingState, 'status' | 'notice'> {
  const { dataset, isBuiltIn, settings, phase, curves, measured } = run;
  const { name, labels, widthPx, heightPx, classLabels } = dataset;
  const progressOf = (of: Phase): PhaseProgress => ({
    ...measured[of],
    share: shareOf(settings[of], measured[of]),
    curve: curves[of].curve,
  });
  return {
    phase,
    dataset: { name, isBuiltIn, labels, numImages: classLabels.length, widthPx, heightPx },
    settings,
    progress: { vae: progressOf('vae'), ddpm: progressOf('ddpm') },
    hasModel: measured.ddpm.step > 0,
  };
}

const NO_PROGRESS = { step: 0, elapsedMs: 0, imagesPerSecond: 0, share: 0, curve: { steps: [], losses: [] } };

/** The same where there is none. */
export const NOTHING: Omit<TrainingState, 'status' | 'notice'> = {
  phase: 'vae',
  dataset: null,
  settings: SETTINGS_DEFAULTS,
  progress: { vae: NO_PROGRESS, ddpm: NO_PROGRESS },
  hasModel: false,
};

/** Whether both budgets are used. */
export function isUsedUp({ phase, settings, measured }: Run): boolean {
  return phase === 'ddpm' && shareOf(settings.ddpm, measured.ddpm) >= 1;
}

function measuredAt(state: TrainerState | null): Run['measured'][Phase] {
  return { step: state?.step ?? 0, elapsedMs: state?.elapsedMs ?? 0, imagesPerSecond: 0 };
}

function readState(bytes: Uint8Array, phase: Phase, dataset: Dataset): TrainerState {
  const { state } = decodeCheckpoint(bytes, 'the checkpoint');
  const shapes =
    phase === 'vae' ? autoencoderKlShapes(smallVaeConfig(dataset)) : unet2dShapes(smallUNetConfig(dataset));
  checkWeights(state.weights, shapes, 'the checkpoint');
  return state;
}
