// Trainings and bakes that are killed at any moment, and go on.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { decodeCheckpoint, modelFolderFiles } from '../../../runtime/index.ts';
import { tinyDataset } from '../../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../../node/atomicWrite.ts';
import { packageRoot } from '../../node/packageRoot.ts';
import { writeDataset } from '../../node/writeDataset.ts';
import { createBakeFolder } from '../../testing/bakeFolder.ts';
import { type Attack, demand } from '../attack.ts';
import type { CaseDice } from '../caseDice.ts';

const SIGNALS = ['SIGKILL', 'SIGKILL', 'SIGINT', 'SIGTERM'] as const;
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGKILL: null };

/** Runs the command as a process of its own. @returns the exit code; null when it was killed */
async function figment(words: string[], kill?: { signal: NodeJS.Signals; afterMs: number }): Promise<number | null> {
  const args = ['--import', 'tsx', join(packageRoot(), 'scripts/cli/figment.ts'), ...words];
  const child = spawn(process.execPath, args, { cwd: packageRoot(), stdio: 'ignore' });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  if (kill) void setTimeout(kill.afterMs).then(() => child.kill(kill.signal));
  return exited;
}

async function leftBehind(dir: string): Promise<string[]> {
  return (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.tmp') || name.endsWith('.lock'));
}

const NUM_STEPS = 40;

export const killedTrainings: Attack = {
  name: 'trainings that are killed',
  limitMs: 120_000,
  weight: 2,
  async open() {
    const dir = await mkdtemp(join(tmpdir(), 'figment-campaign-'));
    const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
    await writeDataset(join(dir, 'data'), dataset, 'shapes');
    await writeFilesAtomic(join(dir, 'model'), await modelFolderFiles(tinyModelFiles({ labels: dataset.labels })));
    const options = ['--backend', 'wasm', '--batch', '2', '--held-out', '0.2', '--steps', String(NUM_STEPS)];
    const from = ['--data', join(dir, 'data'), '--init-from', join(dir, 'model')];
    const train = (out: string, ...more: string[]) => ['train', 'vae', ...from, '--out', out, ...options, ...more];
    const whole = join(dir, 'whole');
    const started = performance.now();
    demand((await figment(train(whole))) === 0, 'a training that nobody kills fails');
    const durationMs = performance.now() - started;
    let numRuns = 0;
    return {
      async attempt(dice) {
        const out = join(dir, `run${numRuns++}`);
        const numKills = 1 + dice.below(2);
        for (let i = 0; i < numKills; i++) await killOne(dice, train, out, durationMs);
        const isBegun = existsSync(join(out, 'checkpoint.safetensors'));
        demand((await figment(train(out, isBegun ? '--resume' : '--overwrite'))) === 0, 'it does not go on');
        demand(await isSameTraining(out, whole), 'it came to other weights than one that nobody killed');
        const steps = (await readFile(join(out, 'log.jsonl'), 'utf8'))
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line).step);
        demand(
          steps.join() === Array.from({ length: NUM_STEPS }, (_, i) => i + 1).join(),
          `the log has ${steps.join()}`,
        );
        demand((await leftBehind(out)).length === 0, `left behind: ${(await leftBehind(out)).join()}`);
        await rm(out, { recursive: true });
        return 'correct';
      },
      close: () => rm(dir, { recursive: true }),
    };
  },
};

async function killOne(
  dice: CaseDice,
  train: (out: string, ...more: string[]) => string[],
  out: string,
  durationMs: number,
): Promise<void> {
  const signal = dice.pick(SIGNALS);
  const isBegun = existsSync(join(out, 'checkpoint.safetensors'));
  const how = isBegun ? ['--resume'] : existsSync(out) ? ['--overwrite'] : [];
  const code = await figment(train(out, ...how), { signal, afterMs: dice.next() * 1.1 * durationMs });
  const allowed = [0, null, EXIT_CODES[signal]]; // null: before it listens to signals
  demand(allowed.includes(code), `${signal} ends it with ${code}`);
}

/** Weights, average and moments, byte for byte; only the time that it took may differ. */
async function isSameTraining(a: string, b: string): Promise<boolean> {
  const [left, right] = await Promise.all([a, b].map(tensorsOf));
  return left!.size === right!.size && [...left!].every(([name, data]) => right!.get(name)?.equals(data) === true);
}

async function tensorsOf(dir: string): Promise<Map<string, Buffer>> {
  const file = join(dir, 'checkpoint.safetensors');
  const { state } = decodeCheckpoint(new Uint8Array(await readFile(file)), file);
  const parts = (['weights', 'ema', 'm', 'v'] as const).map((part) => [part, state[part]] as const);
  return new Map(
    parts.flatMap(([part, tensors]) =>
      [...tensors].map(([name, { data }]) => [
        `${part}/${name}`,
        Buffer.from(data.buffer, data.byteOffset, data.byteLength),
      ]),
    ),
  );
}

const NUM_PICTURES = 60;

export const killedBakes: Attack = {
  name: 'bakes that are killed',
  limitMs: 120_000,
  weight: 1,
  async open() {
    const art = await createBakeFolder();
    await art.describe([{ labels: ['elf'], count: NUM_PICTURES, output: '{seed}', sheet: 'sheet' }]);
    const bake = ['bake', art.file, '--backend', 'wasm', '--batch', '4'];
    const started = performance.now();
    demand((await figment(bake)) === 0, 'a bake that nobody kills fails');
    const durationMs = performance.now() - started;
    const expected = await art.files();
    return {
      async attempt(dice) {
        await rm(art.out, { recursive: true });
        await mkdir(art.out);
        const signal = dice.pick(SIGNALS);
        const code = await figment(bake, { signal, afterMs: dice.next() * 1.1 * durationMs });
        demand([0, null, EXIT_CODES[signal]].includes(code), `${signal} ends it with ${code}`);
        demand((await figment(bake)) === 0, 'it does not go on');
        const files = await art.files();
        demand(
          files.size === expected.size,
          `${files.size} files instead of ${expected.size}: ${(await leftBehind(art.out)).join()}`,
        );
        for (const [name, bytes] of expected)
          demand(files.get(name)?.equals(bytes) === true, `${name} has another content`);
        return 'correct';
      },
      close: art.remove,
    };
  },
};
