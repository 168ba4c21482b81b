// What trainerChecks.py computes with the files of an exported project, and what it is given for that.
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import * as runtime from '../../runtime/index.ts';
import { type NamedWeights, TRAINER_ENV, type TrainerProjects } from './trainerProjects.ts';

const run = promisify(execFile);

/** Images in a batch of latents. */
export const BATCH = 5;

/** Latents, pictures, conditions and a probe, all drawn by formula, in PyTorch's layout. */
export function checkInputs(): Map<string, runtime.WeightTensor> {
  const inputs = new Map<string, runtime.WeightTensor>();
  const image = (seed: number, scale = 1, [height, width] = [6, 5]) => ({
    shape: [BATCH, 4, height!, width!],
    data: runtime.normals(seed, 0, BATCH * 4 * height! * width!).map((value) => scale * value),
  });
  const vector = (...data: number[]) => ({ shape: [data.length], data: Float32Array.from(data) });
  for (const [i, name] of ['x0', 'eps', 'noise', 'mean'].entries()) inputs.set(name, image(i + 1));
  inputs.set('logvar', image(9, 0.5));
  inputs.set('pictures', image(10, 1, [12, 10]));
  inputs.set('decoded', image(11, 1, [12, 10]));
  inputs.set('angle', vector(0.5, 2, 5));
  inputs.set('strength', vector(1, 2.5, 4));
  inputs.set('tint', { shape: [3, 2], data: Float32Array.of(0.2, -0.1, -0.25, 0.25, 0, 0.1) });
  inputs.set('t', vector(0, 3, 500, 900, 999));
  inputs.set('nextAlphaBars', vector(1, 1, 0.7, 0.5, 0.3));
  inputs.set('scales', vector(1, 2.5, 4, 5, 3));
  inputs.set('dx', vector(3, -2, 20));
  inputs.set('dy', vector(-1, 0, 7));
  inputs.set('labels', vector(0, 2, 3, 1));
  inputs.set('attributes', { shape: [4, 2], data: Float32Array.from([0, 0.25, 2, -1, -1, 1, -1, -1]) });
  inputs.set('probe.latents', { shape: [2, 4, 4, 6], data: runtime.normals(20, 0, 192) });
  inputs.set('probe.weights', { shape: [5, 64], data: runtime.normals(21, 0, 320).map((value) => value / 4) });
  inputs.set('probe.bias', { shape: [5], data: runtime.normals(22, 0, 5) });
  inputs.set('probe.margins', { shape: [2], data: Float32Array.of(1.5, 0.5) });
  inputs.set('probe.asked', { shape: [2, 5], data: Float32Array.of(0, 1, 0, 0, 1, 1, 0, 0, 0, 0) });
  inputs.set('grain.texton', { shape: [3, 3, 6], data: runtime.normals(23, 0, 54) });
  return inputs;
}

/**
 * Runs trainerChecks.py on the folder's project and data sets.
 *
 * @param python  one that has PyTorch
 * @param inputs  tensors by name
 * @param options of the trainings, as a project has them
 * @returns       its results by name
 */
export async function runTrainerChecks(
  python: string,
  { at }: TrainerProjects,
  inputs: Map<string, runtime.WeightTensor>,
  options: object,
): Promise<NamedWeights> {
  await mkdir(at('checks'));
  await writeFile(at('checks', 'inputs.safetensors'), runtime.writeSafetensors(inputs));
  await writeFile(at('checks', 'inputs.json'), JSON.stringify(options));
  const script = new URL('trainerChecks.py', import.meta.url).pathname;
  const folders = ['project', 'checks', 'sheets', 'folders', 'frames', 'maps'].map((name) => at(name));
  await run(python, [script, ...folders], { env: TRAINER_ENV });
  const bytes = new Uint8Array(await readFile(at('checks', 'outputs.safetensors')));
  return runtime.parseSafetensors(bytes, 'outputs').tensors;
}
