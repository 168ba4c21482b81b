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
import { datasetWarnings } from './datasetWarnings.ts';
import { LossCurve } from './lossCurve.ts';
import {
  PHASES,
  type Phase,
  type PhaseProgress,
  type SampleSheet,
  TRAINING_DEFAULTS,
  type TrainingSettings,
  type TrainingState,
} from './protocol.ts';
import type { StoredRun } from './runStore.ts';
import { shareOf, smallUNetConfig, smallVaeConfig } from './smallTraining.ts';

type PerPhase<Value> = Record<Phase, Value>;

/** One training and its progress, whether it has begun or not. */
export interface TrainingRun {
  dataset: Dataset;
  isBuiltIn: boolean;
  settings: TrainingSettings;
  phase: Phase;
  curves: PerPhase<LossCurve>;
  measured: PerPhase<Omit<PhaseProgress, 'curve' | 'share'>>;
  /** The trainers' states at the last save. */
  states: PerPhase<TrainerState | null>;
  latents: LatentDataset | null;
  sheet: SampleSheet | null;
}

export function freshRun(dataset: Dataset, isBuiltIn: boolean, settings: TrainingSettings): TrainingRun {
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

export function packRun({ dataset, isBuiltIn, settings, phase, curves, states, sheet }: TrainingRun): StoredRun {
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

/** @throws Error when a part is missing, damaged, or belongs to other networks */
export function unpackRun({ checkpoint, vae, curves, ...stored }: StoredRun): TrainingRun {
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

/** Sets curves and numbers back to the last save. */
export function rewindRun({ curves, measured, states }: TrainingRun): void {
  for (const phase of PHASES) {
    measured[phase] = measuredAt(states[phase]);
    curves[phase].rewind(measured[phase].step);
  }
}

/** What the panel shows of a training. */
export function describeRun(run: TrainingRun): Omit<TrainingState, 'status' | 'notice'> {
  const { dataset, isBuiltIn, settings, phase, curves, measured } = run;
  const { name, labels, widthPx, heightPx, classLabels } = dataset;
  const progressOf = (of: Phase): PhaseProgress => ({
    ...measured[of],
    share: shareOf(settings[of], measured[of]),
    curve: curves[of].curve,
  });
  return {
    phase,
    dataset: {
      name,
      isBuiltIn,
      labels,
      numImages: classLabels.length,
      widthPx,
      heightPx,
      warnings: datasetWarnings(dataset),
    },
    settings,
    progress: { vae: progressOf('vae'), ddpm: progressOf('ddpm') },
    hasModel: measured.ddpm.step > 0,
  };
}

const NO_PROGRESS = { step: 0, elapsedMs: 0, imagesPerSecond: 0, share: 0, curve: { steps: [], losses: [] } };

/** What the panel shows when there is no training. */
export const NOTHING: Omit<TrainingState, 'status' | 'notice'> = {
  phase: 'vae',
  dataset: null,
  settings: TRAINING_DEFAULTS,
  progress: { vae: NO_PROGRESS, ddpm: NO_PROGRESS },
  hasModel: false,
};

/** Whether both budgets are used. */
export function isUsedUp({ phase, settings, measured }: TrainingRun): boolean {
  return phase === 'ddpm' && shareOf(settings.ddpm, measured.ddpm) >= 1;
}

function measuredAt(state: TrainerState | null): TrainingRun['measured'][Phase] {
  return { step: state?.step ?? 0, elapsedMs: state?.elapsedMs ?? 0, imagesPerSecond: 0 };
}

function readState(bytes: Uint8Array, phase: Phase, dataset: Dataset): TrainerState {
  const { state } = decodeCheckpoint(bytes, 'the checkpoint');
  const shapes =
    phase === 'vae' ? autoencoderKlShapes(smallVaeConfig(dataset)) : unet2dShapes(smallUNetConfig(dataset));
  checkWeights(state.weights, shapes, 'the checkpoint');
  return state;
}
