// The exported project with diffusers and accelerate: models trained by it are ours to load.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import * as runtime from '../../runtime/index.ts';
import { WALK } from '../../runtime/testing/tinyFrames.ts';
import { diskSource } from '../node/diskSource.ts';
import { readVae } from '../node/readNetworks.ts';
import { findPython } from '../testing/python.ts';
import { TRAINER_ENV, TrainerProjects } from '../testing/trainerProjects.ts';

const run = promisify(execFile);
const trainer = findPython('torch', 'safetensors', 'PIL', 'diffusers', 'accelerate');

let projects: TrainerProjects;
beforeAll(async () => {
  projects = await TrainerProjects.open();
});
afterAll(() => projects.close());
beforeEach(() => void vi.spyOn(process.stderr, 'write').mockReturnValue(true));

/** Each starts PyTorch three to five times. */
describe.skipIf(!trainer)('with diffusers', { timeout: 600_000 }, () => {
  const python = (project: string, script: string, ...words: string[]) =>
    run(trainer!, [projects.at(project, script), ...words], { env: TRAINER_ENV, cwd: projects.at(project) });

  it.each([
    { data: 'sheets', words: ['--flip', '--circular'], frames: undefined },
    { data: 'frames', words: [], frames: WALK },
  ])('trains a model of $data that Figment loads, and whose pictures agree', async ({ data, words, frames }) => {
    const project = `of-${data}`;
    await projects.exportTrainer(project, '--data', projects.at(data), ...words);
    await projects.makeSmall(project, frames?.length);
    const options = await projects.readJson(project, 'training.json');
    const short = { numSteps: 6, batchSize: 4, accumulation: 2, learningRate: 0.01, numWarmupSteps: 0 };
    for (const stage of ['vae', 'ddpm', 'distil']) Object.assign(options[stage], short);
    Object.assign(options.distil, { stepCounts: [2, 4], teacherSteps: 4 });
    await writeFile(projects.at(project, 'training.json'), JSON.stringify({ ...options, saveEvery: 4 }));
    for (const stage of ['vae', 'ddpm', 'distil']) await python(project, 'train.py', stage);
    for (const stage of ['ddpm', 'distil']) {
      const out = projects.at(project, 'runs', stage);
      await python(project, 'make_case.py', out);
      const files = await runtime.loadModelFolder(diskSource(out));
      const model = runtime.createModel(files);
      expect(model.index.figment.frames).toEqual(frames);
      expect(model.index.figment.student?.stepCounts).toEqual(stage === 'distil' ? [2, 4] : undefined);
      expect(model.vae!.config.latents_std!.every((std) => std > 0 && std !== 1)).toBe(true);
      model.dispose();
      const bytes = new Uint8Array(await readFile(join(out, 'case.safetensors')));
      const { tensors } = runtime.parseSafetensors(bytes, 'case');
      const { maxRel } = await runtime.runPipelineCase(
        files,
        await projects.readJson(project, 'runs', stage, 'case.json'),
        tensors,
      );
      expect(maxRel).toBeLessThan(1e-4);
    }
  });

  it('goes on where it was, and ends where it would have', async () => {
    await projects.exportTrainer('stopped', '--data', projects.at('sheets'), '--flip');
    await projects.makeSmall('stopped');
    const weights = async (runs: string) => {
      await python('stopped', 'train.py', 'vae', '--runs', projects.at('stopped', runs));
      return (await readVae(projects.at('stopped', runs, 'vae'))).weights;
    };
    const options = await projects.readJson('stopped', 'training.json');
    const withSteps = (numSteps: number) => {
      const vae = { ...options.vae, batchSize: 4, decayFrom: 1, numSteps };
      return writeFile(projects.at('stopped', 'training.json'), JSON.stringify({ ...options, vae }));
    };
    await withSteps(2);
    await weights('again');
    await withSteps(4);
    expect(await weights('again')).toEqual(await weights('once'));
  });
});
