// The last line of a run says when the suites in a browser were skipped; on CI that is a failure.
import type { TestProject } from 'vitest/node';
import { findChromium, NO_CHROMIUM } from './chromium.ts';
import { findFirefox, NO_FIREFOX } from './firefox.ts';
import { openRunFolder } from './runFolder.ts';

/** Runs before the first suite in a browser; what it returns runs after the last suite of all. */
export function setup(project: TestProject): () => void {
  const close = openRunFolder(project);
  const flaws = [...(findChromium() ? [] : [NO_CHROMIUM]), ...(findFirefox() ? [] : [NO_FIREFOX])];
  return () => {
    close();
    if (flaws.length === 0) return;
    console.error(`Suites in a browser were skipped. ${flaws.join(' ')}`);
    if (process.env.CI) process.exitCode = 1;
  };
}
