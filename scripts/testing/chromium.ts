import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost', // a page that needs the network fails
];

/** WebGL and WebGPU computed on the CPU, and shown in the canvas; other sets of flags lose the device with the first frame. */
const SOFTWARE_GPU = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--use-angle=swiftshader',
  '--enable-features=Vulkan',
  '--use-vulkan=swiftshader',
];

const SOFTWARE_WEBGL = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-features=WebGPUService'];

export interface BrowserOptions {
  /** Offer a WebGPU adapter, one that computes on the CPU; WebGL 2 there is always. */
  webgpu: boolean;
  /** What puts a page without WebGPU together. The GPU, the default, is a software one, and slower at it than the CPU. */
  compositing?: 'gpu' | 'cpu';
}

/** What to do where it is missing. */
export const NO_CHROMIUM =
  'There is no Chromium, neither /usr/bin/chromium nor $CHROMIUM; on Debian: apt-get install chromium mesa-vulkan-drivers';

/** Where Chromium is; null when there is none. */
export function findChromium(): string | null {
  const file = process.env.CHROMIUM ?? '/usr/bin/chromium';
  return existsSync(file) ? file : null;
}

/** @throws Error where there is no Chromium */
export function launchChromium({ webgpu, compositing = 'gpu' }: BrowserOptions): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) {
    throw new Error(`launchChromium: ${NO_CHROMIUM}`);
  }
  const gpu = webgpu
    ? SOFTWARE_GPU
    : [...SOFTWARE_WEBGL, ...(compositing === 'cpu' ? ['--disable-gpu-compositing'] : [])];
  const args = ['--no-sandbox', ...QUIET, ...gpu];
  return chromium.launch({ executablePath, args, headless: true });
}

const running = new Map<string, Promise<Browser>>();

/** A Chromium that all suites of a worker share, one for each choice of options; it ends with the worker. */
export async function sharedChromium(options: BrowserOptions): Promise<Browser> {
  const key = JSON.stringify(options);
  const known = await running.get(key)?.catch(() => null);
  if (known?.isConnected()) return known;
  const launched = launchChromium(options);
  running.set(key, launched);
  return launched;
}
