// The last line of a run says when the suites in a browser were skipped; on CI that is a failure.
import { findChromium, NO_CHROMIUM } from './chromium.ts';

/** Runs before the first suite in a browser; what it returns runs after the last suite of all. */
export function setup(): (() => void) | undefined {
  if (findChromium()) return undefined;
  return () => {
    console.error(`The suites in a browser were skipped. ${NO_CHROMIUM}`);
    if (process.env.CI) process.exitCode = 1;
  };
}
