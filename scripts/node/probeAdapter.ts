// Looks for a WebGPU adapter in a process of its own. Dawn clamps what a Vulkan driver offers and writes a warning about
// it straight to the process's stderr, whatever its options; and a driver that crashes ends that process alone.
import { spawn } from 'node:child_process';

/** The properties that identify an adapter. */
export type AdapterInfo = Pick<
  GPUAdapterInfo,
  'vendor' | 'architecture' | 'device' | 'description' | 'isFallbackAdapter'
>;

export interface AdapterProbe {
  /** Null where there is no adapter. */
  info: AdapterInfo | null;
  /** What went wrong in the search; empty when it ended as it should, with an adapter or without. */
  failure: string;
}

interface SearchOptions {
  /** Give up the search after this; default 30 seconds. */
  timeoutMs?: number;
}

/** Runs under `node -e` with the module's address as its argument, and sends an AdapterProbe. */
const PROGRAM = `
  const probe = { info: null, failure: '' };
  try {
    const { create, globals } = await import(process.argv[1]);
    Object.assign(globalThis, globals);
    const adapter = await create([]).requestAdapter({ powerPreference: 'high-performance' });
    if (adapter) {
      const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
      probe.info = { vendor, architecture, device, description, isFallbackAdapter };
    }
  } catch (error) {
    probe.failure = String(error?.message ?? error);
  }
  process.send(probe, () => process.exit());
`;

/**
 * The adapter that a package like `webgpu` offers; nothing of it is loaded into this process.
 *
 * @param moduleUrl address of the package's module
 * @returns         never rejects: a search that failed has found no adapter, and tells why
 */
export function probeAdapter(moduleUrl: string, { timeoutMs = 30_000 }: SearchOptions = {}): Promise<AdapterProbe> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', PROGRAM, moduleUrl], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    timeout: timeoutMs,
    windowsHide: true,
  });
  return new Promise((resolve) => {
    const fail = (how: string) => resolve({ info: null, failure: `the search for a WebGPU adapter ${how}` });
    child.once('message', (probe: AdapterProbe) => resolve(probe));
    child.once('error', (error) => fail(`did not start: ${error.message}`));
    child.once('close', (code, signal) => fail(`ended with ${signal ? `signal ${signal}` : `code ${code}`}`));
  });
}
