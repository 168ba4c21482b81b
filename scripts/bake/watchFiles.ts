import { existsSync, statSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';

/** Editors write a file in several steps, and a model is several files. */
const QUIET_MS = 150;

/** A change that the system does not tell of, such as one in a folder that has only just come, is found by looking. */
const LOOK_MS = 1000;

/**
 * Calls `onChange` as soon as the files are watched, and again after one of them was written, until the signal fires. Calls
 * never overlap; a file that is written during a call leads to another one.
 *
 * @param files    asked again after each call; neither they nor their folders need exist
 * @param onChange is given what to call as soon as there are further files, before it reads them: otherwise a change of theirs
 *                 during this call is not seen
 * @param quietMs  for how long nothing more must be written before a call; shorter than it takes to look again
 */
export async function watchFiles(
  files: () => readonly string[],
  onChange: (noteFurther: () => void) => Promise<void>,
  signal: AbortSignal,
  quietMs = QUIET_MS,
): Promise<void> {
  if (signal.aborted) return;
  const { watch } = await import('chokidar');
  const folders = () => [...new Set(files().map((file) => folderAbove(resolve(file))))];
  const isWatched = (file: string) => files().some((watched) => resolve(watched) === resolve(file));
  const isOther = (file: string, stats?: { isFile(): boolean }) => stats?.isFile() === true && !isWatched(file);
  const holdsWatched = (folder: string) => files().some((file) => resolve(file).startsWith(resolve(folder) + sep));
  // Whole folders, since a watcher of a single file loses sight of it when it is deleted and comes back.
  const watcher = watch(folders(), { ignoreInitial: true, depth: 0, ignored: isOther });
  let isChanged = true;
  /** When each file had been changed before the last call, or before it was named in that, by the clock of the files, which may be another's. */
  const seen = new Map<string, number>();
  const noteFurther = () => {
    for (const file of files()) if (!seen.has(file)) seen.set(file, changedMs(file));
  };
  let timer: NodeJS.Timeout | undefined;
  let wake = () => {};
  const noticeChange = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isChanged = true;
      wake();
    }, quietMs);
  };
  // A change that is noted already must not be noted again after the next call has begun.
  const looking = setInterval(() => {
    if (!isChanged && files().some((file) => seen.has(file) && changedMs(file) !== seen.get(file))) noticeChange();
  }, LOOK_MS);
  watcher.on('error', () => {}); // a missing folder is reported by the next bake
  watcher.on('all', (event, file) => {
    if (isWatched(file) || (event === 'addDir' && holdsWatched(file))) noticeChange();
  });
  signal.addEventListener('abort', () => wake(), { once: true });
  try {
    await new Promise<void>((resolve) => {
      wake = resolve;
      watcher.once('ready', resolve);
    });
    while (!signal.aborted) {
      watcher.add(folders());
      if (!isChanged)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      if (signal.aborted) return;
      isChanged = false;
      for (const file of files()) seen.set(file, changedMs(file));
      await onChange(noteFurther);
      noteFurther();
    }
  } finally {
    clearInterval(looking);
    clearTimeout(timer);
    await watcher.close();
  }
}

/** When a file was changed last, in milliseconds since 1970; 0 where there is none that can be looked at. */
function changedMs(file: string): number {
  try {
    return statSync(file).ctimeMs;
  } catch {
    return 0;
  }
}

/** The nearest folder above a file that is there: those below it are seen when they come. */
function folderAbove(file: string): string {
  const folder = dirname(file);
  return existsSync(folder) || folder === file ? folder : folderAbove(folder);
}
