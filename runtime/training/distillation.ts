// What a student of few steps learns: outputs by which one long step ends where its teacher's many steps end.
import { type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { createDdim } from '../diffusion/ddim.ts';
import { levelOf } from '../diffusion/noiseLevel.ts';
import type { Sampler } from '../diffusion/samplerType.ts';
import { alphaBar, createSchedule } from '../diffusion/schedule.ts';
import type { PredictionType, SchedulerConfig } from '../diffusion/schedulerConfig.ts';
import { weightedSum } from '../diffusion/weightedSum.ts';

/** A step of a student: from one of the teacher's states to a later one. */
export interface LongStep {
  /** In how many such steps the student makes a picture. */
  stepCount: number;
  /** Places among the states, the later one being nearer to the picture. */
  from: number;
  to: number;
}

/**
 * All steps that a student takes which makes pictures in each of these numbers of steps; the largest is how many times the
 * teacher's way is divided.
 *
 *   longSteps([1, 2])   from 0 to 2 in one step; from 0 to 1 and from 1 to 2 in two
 *
 * @throws RangeError when a number does not divide the largest
 */
export function longSteps(stepCounts: readonly number[]): LongStep[] {
  const most = Math.max(...stepCounts);
  return stepCounts.flatMap((stepCount) => {
    const length = most / stepCount;
    if (!Number.isInteger(length)) {
      throw new RangeError(`longSteps: ${stepCount} does not divide ${most}; expected numbers that divide the largest`);
    }
    return Array.from({ length: stepCount }, (_, i) => ({ stepCount, from: i * length, to: (i + 1) * length }));
  });
}

/** A level of noise between two steps. */
export type Level = { t: number; alphaBar: number };

/** The levels between so many steps of a student, which are those of DDIM; the last is the picture's, with a t of −1. */
export function longStepLevels(scheduler: SchedulerConfig, numSteps: number): Level[] {
  const schedule = createSchedule(scheduler);
  const { timesteps } = createDdim(scheduler, { numInferenceSteps: numSteps });
  return [
    ...timesteps.map((t) => ({ t, alphaBar: alphaBar(schedule, t) })),
    { t: -1, alphaBar: alphaBar(schedule, -1) },
  ];
}

/**
 * The output of a network by which one deterministic DDIM step leads from xt to `end`. The step is linear in the output,
 *
 *   end = ofXt · xt + ofOutput · output      with signal = sqrt(alphaBar), noise = sqrt(1 − alphaBar), primed at the end:
 *
 *   epsilon        ofXt = signal' / signal                    ofOutput = noise' − noise · signal' / signal
 *   v_prediction   ofXt = signal · signal' + noise · noise'   ofOutput = signal · noise' − noise · signal'
 *   sample         ofXt = noise' / noise                      ofOutput = signal' − signal · noise' / noise
 *
 * Source: Salimans & Ho 2022, arXiv:2202.00512, algorithm 2 and appendix G, for each prediction type.
 * @param xt   float32 (B, H, W, C) at alphaBar `from`
 * @param end  shape of xt, at alphaBar `to`
 * @param from, to 0 … 1, `from` the smaller
 * @returns    shape of xt; the caller disposes it
 * @throws     RangeError when no output leads there
 */
export function longStepTarget(
  predictionType: PredictionType,
  xt: Tensor4D,
  end: Tensor4D,
  from: number,
  to: number,
): Tensor4D {
  const [ofXt, ofOutput] = stepCoefficients(predictionType, from, to);
  if (from < to && Number.isFinite(ofXt) && Number.isFinite(ofOutput)) {
    return weightedSum(1 / ofOutput, end, -ofXt / ofOutput, xt);
  }
  throw new RangeError(
    `longStepTarget: no output of ${predictionType} leads from alphaBar ${from} to ${to}; expected the smaller one first, and v_prediction where it is 0`,
  );
}

/**
 * The inverse of `longStepTarget`: where one deterministic DDIM step with this output leads from xt.
 *
 * @param xt, output float32 (B, H, W, C)
 * @param from, to   alphaBar of xt and of the result, 0 … 1
 * @returns          shape of xt; the caller disposes it
 */
export function longStepEnd(
  predictionType: PredictionType,
  xt: Tensor4D,
  output: Tensor4D,
  from: number,
  to: number,
): Tensor4D {
  const [ofXt, ofOutput] = stepCoefficients(predictionType, from, to);
  return weightedSum(ofXt, xt, ofOutput, output);
}

function stepCoefficients(predictionType: PredictionType, from: number, to: number): [ofXt: number, ofOutput: number] {
  const { signal, noise } = levelOf(from);
  const { signal: nextSignal, noise: nextNoise } = levelOf(to);
  switch (predictionType) {
    case 'epsilon':
      return [nextSignal / signal, nextNoise - (noise * nextSignal) / signal];
    case 'v_prediction':
      return [signal * nextSignal + noise * nextNoise, signal * nextNoise - noise * nextSignal];
    case 'sample':
      return [nextNoise / noise, nextSignal - (signal * nextNoise) / noise];
  }
}

/**
 * The states of a sampler's way from noise to picture, divided into parts of as many steps each: the noise, the state after
 * each part, and last the picture.
 *
 * @param sampler   deterministic, its states of variance 1; it is disposed
 * @param predict   the network's output, which is disposed; xt stays
 * @param start     float32 (B, H, W, C), standard normal; it stays the caller's
 * @param numParts  divides the number of steps
 * @returns         numParts + 1 tensors; the caller disposes them
 */
export function trajectory(
  sampler: Sampler,
  predict: (xt: Tensor4D, t: number) => Tensor4D,
  start: Tensor4D,
  numParts: number,
): Tensor4D[] {
  const { timesteps } = sampler;
  const stepsOfPart = timesteps.length / numParts;
  if (!Number.isInteger(stepsOfPart) || sampler.needsNoise || sampler.initNoiseSigma !== 1) {
    throw new RangeError(
      `trajectory: ${timesteps.length} steps of ${sampler.name} in ${numParts} parts; expected a multiple, and ddim without noise or dpm++`,
    );
  }
  try {
    return tidy(() => {
      const states = [start.clone()];
      let xt = states[0]!;
      for (const [index, t] of timesteps.entries()) {
        const next = tidy(() => sampler.step(predict(xt, t), index, xt).xt);
        if (index % stepsOfPart !== 0) xt.dispose();
        xt = next;
        if ((index + 1) % stepsOfPart === 0) states.push(xt);
      }
      return states;
    });
  } finally {
    sampler.dispose();
  }
}

/**
 * Guidance with a scale of its own for each image: uncond + w · (cond − uncond).
 *
 * Source: Ho & Salimans 2022, arXiv:2207.12598, eq. (6).
 * @param guidanceScales w of each image, (B)
 * @returns              shape of cond; the caller disposes it
 */
export function guidedByEach(cond: Tensor4D, uncond: Tensor4D, guidanceScales: ArrayLike<number>): Tensor4D {
  const w = Array.from(guidanceScales);
  return weightedSum(
    w,
    cond,
    w.map((scale) => 1 - scale),
    uncond,
  );
}
