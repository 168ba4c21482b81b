// Firefox, driven through WebDriver BiDi; its WebGL needs a display, which Xvfb stands in for.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Browser, Page } from 'puppeteer-core';

const XVFB = '/usr/bin/Xvfb';

/** What to do where it is missing. */
export const NO_FIREFOX =
  'There is no Firefox with a display, neither /usr/bin/firefox-esr nor $FIREFOX, or no /usr/bin/Xvfb; on Debian: apt-get install firefox-esr xvfb';

/** Where Firefox is; null when there is none, or nothing to show it on. */
export function findFirefox(): string | null {
  const file = process.env.FIREFOX ?? '/usr/bin/firefox-esr';
  return existsSync(file) && existsSync(XVFB) ? file : null;
}

export interface Firefox {
  /** Opens an address. @returns the page, and what it complains of */
  open(url: string): Promise<{ page: Page; errors: string[] }>;
  close(): Promise<void>;
}

/** @throws Error where there is no Firefox, or no display */
export async function launchFirefox(): Promise<Firefox> {
  const executablePath = findFirefox();
  if (!executablePath) throw new Error(`launchFirefox: ${NO_FIREFOX}`);
  const display = await openDisplay();
  try {
    const { default: puppeteer } = await import('puppeteer-core');
    const browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath,
      headless: false,
      timeout: 0, // on a busy machine it takes as long as it takes, and a test has a limit of its own
      protocolTimeout: 0,
      env: { ...process.env, DISPLAY: display.name, LIBGL_ALWAYS_SOFTWARE: '1' },
      extraPrefsFirefox: { 'webgl.force-enabled': true },
    });
    return { open: (url) => openIn(browser, url), close: () => browser.close().finally(() => display.server.kill()) };
  } catch (error) {
    display.server.kill();
    throw error;
  }
}

async function openIn(browser: Browser, url: string): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(url, { timeout: 0 });
  return { page, errors };
}

/** A display on any free number. */
async function openDisplay(): Promise<{ name: string; server: ChildProcess }> {
  const options = ['-displayfd', '1', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'];
  const server = spawn(XVFB, options, { stdio: ['ignore', 'pipe', 'ignore'] });
  const name = await new Promise<string>((resolve, reject) => {
    server.stdout!.once('data', (number) => resolve(`:${String(number).trim()}`));
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`launchFirefox: Xvfb ended with code ${code}`)));
  });
  return { name, server };
}
