import { existsSync, statSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import type { FSWatcher } from 'chokidar';

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
  const bell = new Bell(quietMs);
  const times = new FileTimes(files);
  const watcher = await openWatcher(files, () => bell.strike());
  // A change that is noted already must not be noted again after the next call has begun.
  const looking = setInterval(() => !bell.hasRung && times.haveChanged() && bell.strike(), LOOK_MS);
  signal.addEventListener('abort', () => bell.ring(), { once: true });
  try {
    await Promise.race([new Promise<void>((resolve) => watcher.once('ready', resolve)), bell.heard()]);
    bell.ring();
    while (!signal.aborted) {
      watcher.add(foldersOf(files));
      await bell.heard();
      if (signal.aborted) return;
      bell.hush();
      times.note();
      await onChange(() => times.noteFurther());
      times.noteFurther();
    }
  } finally {
    clearInterval(looking);
    bell.stop();
    await watcher.close();
  }
}

/** Rings when it was struck and then left alone for a while: what is changed in several steps is changed once. */
class Bell {
  /** True as soon as the bell rings, until `hush`: there was a change that no call has answered yet. */
  hasRung = false;
  private timer: NodeJS.Timeout | undefined;
  private wake = () => {};

  constructor(private readonly quietMs: number) {}

  strike(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.ring(), this.quietMs);
  }

  ring(): void {
    this.hasRung = true;
    this.wake();
  }

  /** Resolves when it rings, at once where it has. */
  async heard(): Promise<void> {
    if (this.hasRung) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  hush(): void {
    this.hasRung = false;
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}

/** When each file had been changed before it was noted, by the clock of the files, which may be another's. */
class FileTimes {
  private readonly noted = new Map<string, number>();

  constructor(private readonly files: () => readonly string[]) {}

  note(): void {
    for (const file of this.files()) this.noted.set(file, changedMs(file));
  }

  /** Notes those that are new among the files. */
  noteFurther(): void {
    for (const file of this.files()) if (!this.noted.has(file)) this.noted.set(file, changedMs(file));
  }

  haveChanged(): boolean {
    return this.files().some((file) => this.noted.has(file) && changedMs(file) !== this.noted.get(file));
  }
}

/**
 * Calls back when one of the files is written, comes or goes. Whole folders are watched, since a watcher of a single file loses
 * sight of it when it is deleted and comes back.
 */
async function openWatcher(files: () => readonly string[], onChange: () => void): Promise<FSWatcher> {
  const { watch } = await import('chokidar');
  const isWatched = (file: string) => files().some((watched) => resolve(watched) === resolve(file));
  const isOther = (file: string, stats?: { isFile(): boolean }) => stats?.isFile() === true && !isWatched(file);
  const holdsWatched = (folder: string) => files().some((file) => resolve(file).startsWith(resolve(folder) + sep));
  const watcher = watch(foldersOf(files), { ignoreInitial: true, depth: 0, ignored: isOther });
  watcher.on('error', () => {}); // a missing folder is reported by the next bake
  watcher.on('all', (event, file) => {
    if (isWatched(file) || (event === 'addDir' && holdsWatched(file))) onChange();
  });
  return watcher;
}

function foldersOf(files: () => readonly string[]): string[] {
  return [...new Set(files().map((file) => folderAbove(resolve(file))))];
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
