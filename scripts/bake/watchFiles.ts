import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Editors write a file in several steps, and a model is several files. */
const QUIET_MS = 150;

/**
 * Calls `onChange` after one of the files was written, until the signal fires. Calls never overlap; what changes during one
 * leads to another.
 *
 * @param files asked anew before each call
 */
export async function watchFiles(
  files: () => readonly string[],
  onChange: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let changed = nextChange(files(), signal);
  for (await changed; !signal.aborted; await changed) {
    changed = nextChange(files(), signal);
    await onChange();
  }
}

/** Resolves once something was written and it has been quiet since, or the signal fires. Watching begins at the call. */
function nextChange(files: readonly string[], signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    let timer: NodeJS.Timeout | undefined;
    const watchers: FSWatcher[] = [];
    const end = () => {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
      signal.removeEventListener('abort', end);
      done();
    };
    for (const file of files) {
      const onEvent = (_: string, name: string | null) => {
        if (name !== null && name !== basename(file)) return;
        clearTimeout(timer);
        timer = setTimeout(end, QUIET_MS);
      };
      const watcher = watch(dirname(file), onEvent); // a file that is replaced would be lost sight of
      watcher.on('error', () => {}); // a folder that is gone is missed at the next bake
      watchers.push(watcher);
    }
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
