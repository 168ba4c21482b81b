import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../node/usageError.ts';

/** Files that every docs site has. */
const SIGNS = ['index.html', 'guide.css', 'katex/katex.css'];

/**
 * Removes an earlier docs site, so that none of its pages outlive it.
 *
 * @throws UsageError when the folder holds something else
 */
export function clearSite(out: string): void {
  if (!existsSync(out)) return;
  const isSite = SIGNS.every((file) => existsSync(path.join(out, file)));
  if (!isSite && readdirSync(out).length > 0) {
    throw new UsageError(
      `docs: ${out} holds something else than an earlier docs site; choose another --out or empty it`,
    );
  }
  rmSync(out, { recursive: true });
}
