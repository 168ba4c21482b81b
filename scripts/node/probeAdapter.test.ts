import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { probeAdapter } from './probeAdapter.ts';

const INFO = { vendor: 'acme', architecture: 'anvil', device: '1', description: 'Acme 1', isFallbackAdapter: false };

/** The address of a module like `webgpu` that does this when it is asked for an adapter. */
function moduleThat(body: string): string {
  const code = `
    export const globals = { GPUBufferUsage: { STORAGE: 128 } };
    export const create = () => ({ requestAdapter: async () => { ${body} } });
  `;
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

const found = (extra = '') => moduleThat(`${extra} return { info: ${JSON.stringify(INFO)} };`);

describe('probeAdapter', () => {
  it('tells what the adapter is, or that there is none', async () => {
    expect(await probeAdapter(found())).toEqual({ info: INFO, failure: '' });
    expect(await probeAdapter(moduleThat('return null;'))).toEqual({ info: null, failure: '' });
  });

  it('asks with the globals of the package in place', async () => {
    const url = found("if (GPUBufferUsage.STORAGE !== 128) throw new Error('no globals');");
    expect(await probeAdapter(url)).toEqual({ info: INFO, failure: '' });
  });

  it('keeps what a driver writes to stdout and stderr from the terminal', async () => {
    const url = found(
      "const { writeSync } = await import('node:fs'); writeSync(1, 'noise'); writeSync(2, 'Warning: noise');",
    );
    const source = `
      const { probeAdapter } = await import('${new URL('./probeAdapter.ts', import.meta.url)}');
      console.log(JSON.stringify(await probeAdapter(${JSON.stringify(url)})));
    `;
    expect(await printedBy(source)).toBe(`${JSON.stringify({ info: INFO, failure: '' })}\n`);
  });

  it('tells why a search failed', async () => {
    const failureOf = async (url: string, timeoutMs?: number) => (await probeAdapter(url, { timeoutMs })).failure;
    const [old, missing, killed, ended, endless] = await Promise.all([
      failureOf(moduleThat("throw new Error('the driver is too old');")),
      failureOf('file:///no/such/webgpu.js'),
      failureOf(moduleThat("process.kill(process.pid, 'SIGSEGV');")),
      failureOf(moduleThat('process.exit(3);')),
      failureOf(moduleThat('await new Promise((resolve) => setTimeout(resolve, 60_000));'), 1500),
    ]);
    expect(old).toBe('the driver is too old');
    expect(missing).toMatch(/Cannot find module/);
    expect(killed).toMatch(/ended with signal SIGSEGV/);
    expect(ended).toMatch(/ended with code 3/);
    expect(endless).toMatch(/ended with signal SIGTERM/);
  });
});

/** Everything that a program prints on either channel. */
function printedBy(source: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source]);
    let text = '';
    const add = (chunk: Buffer) => {
      text += chunk;
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.on('error', reject).on('close', () => resolve(text));
  });
}
