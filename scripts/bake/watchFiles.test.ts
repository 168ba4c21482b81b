import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, it, type TestContext, vi } from 'vitest';
import { watchFiles } from './watchFiles.ts';

/** A folder of the test's own, since tests watch side by side; returns paths in it. */
async function createFolder({ onTestFinished }: TestContext): Promise<(...names: string[]) => string> {
  const dir = await mkdtemp(join(tmpdir(), 'figment-watch-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  await mkdir(join(dir, 'model'));
  await writeFile(join(dir, 'a.json'), '1');
  return (...names) => join(dir, ...names);
}

/** Longer than the watcher waits for quiet. */
const PAUSE_MS = 400;

const WAIT = { timeout: 30_000 };

/** Watches files while `work` runs; returns how often a change was reported after the first call. */
async function countChanges(
  files: string[],
  work: () => Promise<void>,
  onChange: (count: number) => Promise<void> = async () => {},
): Promise<number> {
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
  );
  await vi.waitUntil(() => isWatching, WAIT);
  await work();
  await setTimeout(PAUSE_MS);
  controller.abort();
  await watching;
  return count;
}

it.concurrent('reports several writes at once as one change, and nothing about other files', async (context) => {
  const at = await createFolder(context);
  const count = await countChanges([at('a.json'), at('model', 'index.json')], async () => {
    await writeFile(at('other.json'), 'x');
    await setTimeout(PAUSE_MS);
    await writeFile(at('a.json'), '2');
    await writeFile(at('model', 'index.json'), '2');
  });
  expect(count).toBe(1);
});

it.concurrent('keeps sight of a file that is replaced, and of one that is deleted and comes back', async (context) => {
  const at = await createFolder(context);
  const count = await countChanges([at('a.json')], async () => {
    await writeFile(at('new'), '2');
    await rename(at('new'), at('a.json'));
    await setTimeout(PAUSE_MS);
    await rm(at('a.json'));
    await setTimeout(PAUSE_MS);
    await writeFile(at('a.json'), '3');
  });
  expect(count).toBe(3);
});

it.concurrent('sees a file whose folders come later', async (context) => {
  const at = await createFolder(context);
  const count = await countChanges([at('a.json'), at('new', 'deep', 'a.json')], async () => {
    await mkdir(at('other'));
    await setTimeout(PAUSE_MS);
    await mkdir(at('new', 'deep'), { recursive: true });
    await setTimeout(PAUSE_MS);
    await writeFile(at('new', 'deep', 'a.json'), '1');
  });
  expect(count).toBe(2);
});

it.concurrent('never overlaps calls, reports a change during one afterwards, and asks for the files again', async (context) => {
  const at = await createFolder(context);
  const files = [at('a.json')];
  let numAtWork = 0;
  const count = await countChanges(
    files,
    async () => {
      await writeFile(at('a.json'), '2');
      await vi.waitFor(() => expect(numAtWork).toBe(1), WAIT);
      await writeFile(at('a.json'), '3');
      await setTimeout(3 * PAUSE_MS);
      await writeFile(at('model', 'late.json'), '1');
    },
    async (call) => {
      numAtWork++;
      expect(numAtWork).toBe(1);
      if (call === 1) files.push(at('model', 'late.json'));
      await setTimeout(PAUSE_MS);
      numAtWork--;
    },
  );
  expect(count).toBe(3);
});

it.concurrent('ends at once when the signal has fired', async (context) => {
  const at = await createFolder(context);
  await watchFiles(() => [at('a.json')], expect.unreachable, AbortSignal.abort());
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
      await vi.advanceTimersByTimeAsync(PAUSE_MS);
      setImmediate(() => ending.abort()); // after a further call, if there is one, has begun
    }
  };
  await watchFiles(() => [at('a.json')], onChange, ending.signal);
  expect(numCalls).toBe(2);
});
