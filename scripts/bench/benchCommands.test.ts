import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../node/packageRoot.ts';

const LIMIT_MS = 120_000;

/** Runs a measuring command that is to fail, and gives the text that it prints to stderr. */
async function errorOf(script: string, words: string[]): Promise<string> {
  const args = ['--import', 'tsx', path.join(import.meta.dirname, script), ...words];
  const running = promisify(execFile)(process.execPath, args, { cwd: packageRoot(), timeout: LIMIT_MS });
  return running.then(
    () => 'there is none',
    ({ stderr }: { stderr: string }) => stderr,
  );
}

describe('the measuring commands', () => {
  it.each([
    ['bench.ts', ['--backend', 'gpu'], /'gpu' is invalid. Allowed choices are webgpu, wasm, cpu/],
    ['benchTavern.ts', ['--quality', 'best'], /'best' is invalid. Allowed choices are high, low/],
    ['benchBake.ts', ['nowhere'], /model "nowhere" does not exist/],
    ['benchDispatch.ts', ['--model', 'nowhere'], /model "nowhere" does not exist/],
    ['benchSteps.ts', ['portraits', '--data', 'nowhere', '--runs', '1000'], /nowhere/], // before a picture is made
  ])(
    '%s says in one line what is wrong',
    async (script, words, message) => {
      const error = await errorOf(script, words);
      expect(error).toMatch(/^(\S*)error: .*\n$/);
      expect(error).toMatch(message);
    },
    LIMIT_MS,
  );
});
