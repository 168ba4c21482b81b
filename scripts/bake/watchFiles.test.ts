import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it, type TestContext, vi } from 'vitest';
import { watchFiles } from './watchFiles.ts';

/** Longer than times of files lag behind the clock. */
const LAG_MS = 30;

/** A folder of the test's own, since tests watch side by side; returns paths in it. */
async function createFolder({ onTestFinished }: TestContext): Promise<(...names: string[]) => string> {
  const dir = await mkdtemp(join(tmpdir(), 'figment-watch-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await mkdir(join(dir, 'model'));
  await writeFile(join(dir, 'a.json'), '1');
  await setTimeout(LAG_MS); // or the file might seem to have been written after the first call has begun
  return (...names) => join(dir, ...names);
}

/** Long, since on a busy machine the system may tell of one write in parts. */
const QUIET_MS = 700;

/** Longer than the watcher waits for quiet. */
const PAUSE_MS = 1500;

const WAIT = { timeout: 30_000 };

/**
 * Watches files while `work` runs.
 *
 * @param work     is given a check of how often a change was reported after the first call, which waits for the last
 * @param onChange called with the number of the change
 */
async function watchDuring(
  files: string[],
  work: (expectChanges: (expected: number) => Promise<void>) => Promise<void>,
  onChange: (count: number) => Promise<void> = async () => {},
): Promise<void> {
  const controller = new AbortController();
  let count = 0;
  let isWatching = false;
  const watching = watchFiles(
    () => files,
    async () => {
      if (isWatching) await onChange(++count);
      isWatching = true;
    },
    controller.signal,
    QUIET_MS,
  );
  await vi.waitUntil(() => isWatching, WAIT);
  await work(async (expected) => {
    await vi.waitUntil(() => count >= expected, WAIT);
    await setTimeout(PAUSE_MS);
    expect(count).toBe(expected);
  });
  controller.abort();
  await watching;
}

it.concurrent('reports several writes at once as one change, and nothing about other files', async (context) => {
  const at = await createFolder(context);
  await watchDuring([at('a.json'), at('model', 'index.json')], async (expectChanges) => {
    await writeFile(at('other.json'), 'x');
    await expectChanges(0);
    writeFileSync(at('a.json'), '2');
    writeFileSync(at('model', 'index.json'), '2');
    await expectChanges(1);
  });
});

it.concurrent('takes no file for a new one whose clock is ahead', async (context) => {
  const at = await createFolder(context);
  await watchDuring([at('a.json')], async (expectChanges) => {
    const real = Date.now;
    const now = vi.spyOn(Date, 'now').mockImplementation(() => real() - 60_000);
    try {
      writeFileSync(at('a.json'), '2');
      await expectChanges(1);
    } finally {
      now.mockRestore();
    }
  });
});

it.concurrent('keeps sight of a file that is replaced, and of one that is deleted and comes back', async (context) => {
  const at = await createFolder(context);
  await watchDuring([at('a.json')], async (expectChanges) => {
    await writeFile(at('new'), '2');
    await rename(at('new'), at('a.json'));
    await expectChanges(1);
    await rm(at('a.json'));
    await expectChanges(2);
    writeFileSync(at('a.json'), '3');
    await expectChanges(3);
  });
});

it.concurrent('sees a file whose folders come later', async (context) => {
  const at = await createFolder(context);
  await watchDuring([at('a.json'), at('new', 'deep', 'a.json')], async (expectChanges) => {
    await mkdir(at('other'));
    await expectChanges(0);
    mkdirSync(at('new', 'deep'), { recursive: true });
    await expectChanges(1);
    writeFileSync(at('new', 'deep', 'a.json'), '1');
    await expectChanges(2);
  });
});

it.concurrent('never overlaps calls, reports a change during one afterwards, and asks for the files again', async (context) => {
  const at = await createFolder(context);
  const files = [at('a.json')];
  let numAtWork = 0;
  await watchDuring(
    files,
    async (expectChanges) => {
      writeFileSync(at('a.json'), '2');
      await expectChanges(2);
      writeFileSync(at('model', 'late.json'), '1');
      await expectChanges(3);
    },
    async (call) => {
      numAtWork++;
      expect(numAtWork).toBe(1);
      if (call === 1) {
        files.push(at('model', 'late.json'));
        writeFileSync(at('a.json'), '3');
      }
      await setTimeout(PAUSE_MS);
      numAtWork--;
    },
  );
});

it.concurrent('reports a change, during a call, of a file that this call itself has named', async (context) => {
  const at = await createFolder(context);
  const files = [at('a.json')];
  const ending = new AbortController();
  context.onTestFinished(() => ending.abort());
  await writeFile(at('model', 'index.json'), '1');
  let numCalls = 0;
  const onChange = async (noteFurther: () => void) => {
    if (++numCalls === 2) return ending.abort();
    files.push(at('model', 'index.json'));
    noteFurther();
    await setTimeout(LAG_MS);
    await writeFile(at('model', 'index.json'), '2');
  };
  await watchFiles(() => files, onChange, ending.signal);
  expect(numCalls).toBe(2);
});

it.concurrent('ends at once when the signal has fired', async (context) => {
  const at = await createFolder(context);
  await watchFiles(
    () => [at('a.json')],
    async () => expect.unreachable(),
    AbortSignal.abort(),
  );
});

/** Lets watchers be told of nothing until the test ends. */
function silenceWatchers({ onTestFinished }: TestContext): void {
  const silent = {
    on: () => silent,
    once: (_: string, tell: () => void) => void tell(),
    add: () => {},
    close: () => {},
  };
  vi.doMock('chokidar', () => ({ watch: () => silent }));
  onTestFinished(() => void vi.doUnmock('chokidar'));
}

it('finds a change by looking where the system tells of none', async (context) => {
  silenceWatchers(context);
  const at = await createFolder(context);
  const file = at('late.png');
  const ending = new AbortController();
  let numCalls = 0;
  const onChange = async () => {
    if (++numCalls === 2) ending.abort();
    else await writeFile(file, 'there now');
  };
  await watchFiles(() => [file], onChange, ending.signal);
  expect(numCalls).toBe(2);
});

it('reports a change once, though it looks again and again while a call is at work', async (context) => {
  silenceWatchers(context);
  const at = await createFolder(context);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
  context.onTestFinished(() => void vi.useRealTimers());
  const ending = new AbortController();
  let numCalls = 0;
  const onChange = async () => {
    numCalls++;
    if (numCalls === 1) {
      await writeFile(at('a.json'), '2');
      await vi.advanceTimersByTimeAsync(2050); // it has just looked for the second time
    } else {
      await vi.advanceTimersByTimeAsync(400); // longer than it waits for quiet, and until just before it looks again
      setImmediate(() => ending.abort()); // after a further call, if there is one, has begun
    }
  };
  await watchFiles(() => [at('a.json')], onChange, ending.signal);
  expect(numCalls).toBe(2);
});
