// Finds out by a few measurements which tile is the fastest for each convolution on this GPU.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { type Graph, type Node, UnplannedError, type Value } from '../graph.ts';
import { WebgpuRecording } from './recording.ts';
import { byRule, type ConvProblem, numProducts, type Tiling } from './tiling.ts';
import { type GpuTimer, timerFor } from './timer.ts';

/** No further convolution is begun after so long. */
const BUDGET_MS = 100;

/** Browsers round a GPU's times to 0.1 ms; shorter ones tell little. */
const ENOUGH_MS = 1;
const FEWEST_REPEATS = 4;
const MOST_REPEATS = 1024;

/** Times that differ by less are held to be the same. */
const GAIN = 0.9;

/** Pictures are made one by one, and in batches of so many; for sizes in between the nearer one is taken. */
const BATCHES = [1, 8];

/**
 * Measures the tiles of all convolutions that recordings have noted, the costliest first, for at most about 100 ms.
 * Recordings take over what is chosen at their next replay. Those that are not reached, or can't be timed, stay with the rule.
 */
export async function tuneConvolutions(
  backend: WebGPUBackend,
  tiling: Tiling,
  timer: GpuTimer = timerFor(backend.device),
): Promise<void> {
  const endMs = performance.now() + BUDGET_MS;
  const problems = [...tiling.untuned].sort((a, b) => numProducts(b) - numProducts(a));
  for (const times of BATCHES) {
    for (const problem of problems) {
      if (performance.now() > endMs) return;
      try {
        await tune(backend, tiling, { ...problem, numImages: times * problem.numImages }, timer);
      } catch (error) {
        // The device is lost, or has too little memory: whoever computes on it will say so.
        if (!(error instanceof UnplannedError)) return;
        tiling.drop(problem);
      }
    }
  }
}

async function tune(backend: WebGPUBackend, tiling: Tiling, problem: ConvProblem, timer: GpuTimer): Promise<void> {
  const trial = new WebgpuRecording(backend, graphOf(problem), tiling);
  try {
    const runs = trial.trials();
    let timesMs: number[] = [];
    for (let numRepeats = FEWEST_REPEATS; numRepeats <= MOST_REPEATS; numRepeats *= 4) {
      timesMs = await timer(backend.device, runs, numRepeats);
      if (Math.min(...timesMs) >= ENOUGH_MS) break;
    }
    tiling.choose(problem, fastest(timesMs, byRule(problem)));
  } finally {
    trial.dispose();
  }
}

/** The index of the shortest time, if it is clearly shorter than the usual one's; else the usual one. */
export function fastest(timesMs: readonly number[], usual: number): number {
  const best = timesMs.indexOf(Math.min(...timesMs));
  return timesMs[best]! > 0 && timesMs[best]! < GAIN * timesMs[usual]! ? best : usual;
}

/** The convolution alone, of inputs that hold zeros. */
function graphOf({ numImages, from, to, filter, attrs, hasBias }: ConvProblem): Graph {
  const value = (...shape: number[]): Value => ({ shape, node: null });
  const cout = to[2]!;
  const output = value(numImages, ...to);
  const [x, weights] = [value(numImages, ...from), value(...filter)];
  const bias = hasBias ? value(cout) : null;
  const addends = { image: value(numImages, 1, 1, cout), pixel: value(numImages, ...to) };
  const addend = attrs.addend && addends[attrs.addend];
  const node: Node = { kind: 'conv', attrs, inputs: [x, weights, bias, addend], output };
  output.node = node;
  const inputs = [x, weights, bias, addend].filter((input) => input !== null);
  return { inputs, factors: [], nodes: [node], outputs: [output] };
}
