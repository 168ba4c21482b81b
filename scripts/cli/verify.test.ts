import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { parseSafetensors } from '../../runtime/weights/safetensors.ts';
import { writeSafetensors } from '../../runtime/weights/writeSafetensors.ts';
import { describeError } from '../node/describeError.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { createProgram } from './program.ts';

const FIXTURES = join(packageRoot(), 'runtime', 'testing', 'fixtures');

/** The whole set of which the fixtures are a copy, where it is at hand. */
const SHARED = join(packageRoot(), '..', 'shared', 'fixtures');

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-verify-'));
});
afterAll(() => rm(dir, { recursive: true }));

const printed: string[] = [];
beforeEach(() => {
  printed.length = 0;
  vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(line));
});
afterEach(() => vi.restoreAllMocks());

async function verify(...words: string[]): Promise<string> {
  await createProgram().parseAsync(['verify', '--backend', 'wasm', ...words], { from: 'user' });
  return printed.join('\n');
}

async function failure(...words: string[]): Promise<[number, string]> {
  const { exitCode, message } = describeError(await verify(...words).catch((error) => error));
  return [exitCode, message];
}

/** A copy of a fixture to damage. */
async function copyOf(name: string): Promise<string> {
  const folder = join(dir, name);
  await cp(join(FIXTURES, name), folder, { recursive: true });
  return folder;
}

describe('verify', () => {
  it('says after how many cases it was interrupted', async () => {
    vi.mocked(console.log).mockImplementation((line) => {
      if (/ok$/.test(line)) process.kill(process.pid, 'SIGINT');
    });
    expect(await failure(FIXTURES)).toEqual([
      130,
      expect.stringMatching(/^verify: interrupted after \d+ of 50 cases$/),
    ]);
  });

  it('runs every kind of case below a folder', async () => {
    const text = await verify(FIXTURES);
    expect(text).toMatch(/^case +absolute +relative +result$/m);
    for (const name of [
      'pipeline',
      'pipeline-attributes',
      'pipeline-student',
      'unet-plain',
      'vae-f4',
      '08-ddpm_fixed_large-linear-v_prediction',
    ]) {
      expect(text).toMatch(new RegExp(`^${name} +\\d\\.\\de[-+]\\d+ +\\d\\.\\de-\\d+ +ok$`, 'm'));
    }
    expect(text).toContain('verify: all 50 agree within 0.0002');
  });

  it('spells out what in the name of a folder would steer the terminal', async () => {
    const folder = join(dir, 'ca\u001b[2Jse');
    await cp(join(FIXTURES, 'unet-plain'), folder, { recursive: true });
    expect(await verify(folder)).toMatch(/^ca\\u001b\[2Jse +\d/m);
  });

  it.skipIf(!existsSync(SHARED))('runs the whole shared set', async () => {
    const cases = ['pipeline', 'schedulers', 'unet-attn-class', 'unet-plain', 'unet-scale-shift', 'vae-attn', 'vae-f4'];
    const text = await verify(...[...cases, 'folders'].map((name) => join(SHARED, name)));
    expect(text).toContain('verify: all 62 agree');
    const errors = Array.from(text.matchAll(/^(\S+) +\S+ +(\S+) +ok$/gm), ([, name, relative]) => ({
      name,
      error: Number(relative),
    }));
    const folders = errors.filter(({ name }) => existsSync(join(SHARED, 'folders', name!)));
    expect(folders.length).toBe(16);
    expect(folders.filter(({ error }) => error > 1e-4)).toEqual([]);
  });

  it('runs single cases, on another backend too', async () => {
    const scheduler = join(FIXTURES, 'schedulers', '00-ddim-linear-epsilon.json');
    await createProgram().parseAsync(['verify', '--backend', 'cpu', scheduler, join(FIXTURES, 'unet-plain')], {
      from: 'user',
    });
    expect(printed.join('\n')).toMatch(/verify: cpu: .*00-ddim.*unet-plain.*all 2 agree/s);
  });

  it('fails with code 1 when a case differs', async () => {
    const folder = await copyOf('unet-plain');
    const file = join(folder, 'case.safetensors');
    const { readFile } = await import('node:fs/promises');
    const { tensors } = parseSafetensors(await readFile(file), file);
    tensors.get('expected')!.data[9]! += 0.001;
    await writeFile(file, writeSafetensors(tensors));
    const [exitCode, message] = await failure(folder, join(FIXTURES, 'vae-f4'));
    expect([exitCode, message]).toEqual([1, 'verify: 1 of 2 cases differ by more than 0.0002 of their output']);
    expect(printed.join('\n')).toMatch(/unet-plain .* FAIL\nvae-f4 .* ok/);
  });

  it('names the damaged file', async () => {
    const folder = await copyOf('vae-f4');
    await writeFile(join(folder, 'diffusion_pytorch_model.safetensors'), new Uint8Array(100));
    expect(await failure(folder)).toEqual([2, expect.stringMatching(/vae-f4\/diffusion_pytorch_model\.safetensors: /)]);
    await writeFile(join(folder, 'config.json'), '{"_class_name": "VQModel"}');
    expect(await failure(folder)).toEqual([
      2,
      expect.stringMatching(/vae-f4\/config\.json: "_class_name" is "VQModel"; expected UNet2DModel or AutoencoderKL/),
    ]);
    await rm(join(folder, 'config.json'));
    expect(await failure(folder)).toEqual([2, expect.stringMatching(/vae-f4\/config\.json: there is no such file/)]);
  });

  it('refuses a case that does not fit its options, and a place without cases', async () => {
    const folder = await copyOf('unet-attn-class');
    await writeFile(join(folder, 'config.json'), '{"_class_name": "UNet2DModel", "act_fn": "gelu"}');
    expect(await failure(folder)).toEqual([2, expect.stringMatching(/unet-attn-class\/config\.json.*act_fn/)]);
    expect(await failure(join(dir, 'none'))).toEqual([2, expect.stringMatching(/none does not exist/)]);
    expect(await failure(join(FIXTURES, 'pipeline', 'scheduler'))).toEqual([
      2,
      expect.stringMatching(/holds no case; expected case\.safetensors/),
    ]);
  });
});
