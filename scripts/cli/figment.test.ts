import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { isSoftwareAdapter } from '../../runtime/index.ts';
import { probeNodeAdapter } from '../node/nodeBackend.ts';
import { packageRoot, packageVersion } from '../node/packageRoot.ts';
import { builtScript } from '../testing/builtScripts.ts';

const SOURCE = ['--import', 'tsx', join(packageRoot(), 'scripts', 'cli', 'figment.ts')];

interface Result {
  exitCode: number | null;
  out: string;
  err: string;
}

/** Runs the command as a process of its own, as it is built for the package. */
const figment = (...words: string[]) => run(builtScript('cli'), ...words);

function run(...words: string[]): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, words, { cwd: packageRoot() });
    const result: Result = { exitCode: null, out: '', err: '' };
    child.stdout.on('data', (text) => {
      result.out += text;
    });
    child.stderr.on('data', (text) => {
      result.err += text;
    });
    child.on('error', reject).on('close', (exitCode) => resolve({ ...result, exitCode }));
  });
}

describe('figment', () => {
  it('tells its version, from source too, and its commands', async () => {
    const version = { exitCode: 0, out: `${packageVersion()}\n`, err: '' };
    expect(await figment('--version')).toEqual(version);
    expect(await run(...SOURCE, '--version')).toEqual(version);
    const { exitCode, out } = await figment('--help');
    expect(exitCode).toBe(0);
    for (const name of ['bake', 'train', 'evaluate', 'verify', 'dataset'])
      expect(out).toMatch(new RegExp(`^ {2}${name}\\b`, 'm'));
  });

  it('loads nothing of TensorFlow.js for its help', async () => {
    const cli = pathToFileURL(builtScript('cli')).href;
    const code = `
      process.on('exit', () => { process.exitCode = '_tfengine' in globalThis ? 1 : 0; });
      process.argv.splice(1, 0, 'figment', '--help');
      await import('${cli}');
    `;
    const { exitCode, err } = await run('--input-type=module', '-e', code);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  });

  it('goes on to its end when whoever read along has seen enough', async () => {
    const child = spawn(process.execPath, [builtScript('cli'), 'models'], { cwd: packageRoot() });
    child.stdout.destroy();
    let err = '';
    child.stderr.on('data', (text) => {
      err += text;
    });
    const exitCode = await new Promise((resolve) => child.on('close', resolve));
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  });

  it('answers mistakes with one line and code 2', async () => {
    const [command, model, option] = await Promise.all([
      figment('baek'),
      figment('bake', 'portrait-of-nobody', '--out', 'out'),
      figment('train', 'vae', '--out', 'out'),
    ]);
    expect(command).toEqual({ exitCode: 2, out: '', err: "error: unknown command 'baek' (Did you mean bake?)\n" });
    expect(model).toMatchObject({ exitCode: 2, out: '', err: expect.stringMatching(/^error: model .*\n$/) });
    expect(option).toMatchObject({ exitCode: 2, err: expect.stringMatching(/^error: required option '--data.*\n$/) });
  });

  it('prints the stack only when asked', async () => {
    const words = ['verify', '--backend', 'cpu', 'nowhere'];
    expect((await figment(...words)).err).toBe(
      "error: verify: nowhere does not exist; name a folder or a scheduler's .json\n",
    );
    expect((await figment('--debug', ...words)).err).toMatch(/\n {4}at .*findCases/);
  });

  it('runs on cpu without a greeting from tfjs', async () => {
    const fixture = join('runtime', 'testing', 'fixtures', 'unet-plain');
    const { exitCode, out, err } = await figment('verify', '--backend', 'cpu', fixture);
    expect(out).toMatch(/unet-plain .* ok/);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  });

  it('looks for a GPU without a word from its drivers', async () => {
    const { info } = await probeNodeAdapter();
    if (info && !isSoftwareAdapter(info as GPUAdapterInfo)) return; // then Dawn runs in the command itself
    const fixture = join('runtime', 'testing', 'fixtures', 'unet-plain');
    const { exitCode, out, err } = await figment('verify', fixture);
    expect(out).toContain(info ? `(${info.vendor}` : 'There is no WebGPU adapter');
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
  });
});
