import { Logger } from '@babylonjs/core/Misc/logger.js';

const told = new Set<string>();

/** Writes a warning into Babylon's log, the same one only once as long as the page is open. */
export function warnOnce(warning: string): void {
  if (told.has(warning)) return;
  told.add(warning);
  Logger.Warn(warning);
}
