import { describe, expect, it, vi } from 'vitest';
import { createQueue, failOnUnhandledRejections, finishAll, type Request, settled } from './testing/testQueue.ts';
import { takeUncaught } from './testing/uncaught.ts';

failOnUnhandledRejections();

describe('GenerationQueue', () => {
  it('gives each request its own result', async () => {
    const { queue, runs } = createQueue();
    const results = Promise.all([queue.request({ label: 'elf' }), queue.request({ label: 'orc' })]);
    await finishAll(runs);
    expect(await results).toEqual(['elf!', 'orc!']);
  });

  it.each([{ batchSize: 0 }, { batchSize: 1.5 }, { numLanes: 0 }, { numLanes: Number.NaN }])(
    'refuses $batchSize, $numLanes',
    (options) => {
      expect(() => createQueue(options)).toThrow(/expected a positive integer/);
    },
  );

  it('goes on after an error of keyOf, batchKeyOf and a priority that is NaN', async () => {
    const broken = () => {
      throw new Error('no key');
    };
    await expect(createQueue({ keyOf: broken }).queue.request({ label: 'elf' })).rejects.toThrow('no key');
    const { queue } = createQueue({ batchKeyOf: broken });
    await expect(queue.request({ label: 'elf' })).rejects.toThrow('no key');
    await expect(queue.request({ label: 'elf' }, { priority: Number.NaN })).rejects.toThrow(RangeError);
    expect(queue.length).toBe(0);
  });

  it.each(['high', null, [], 2n])('refuses the priority %o at once, and goes on', async (wrong) => {
    const { queue, runs } = createQueue();
    const refused = queue.request({ label: 'elf' }, { priority: wrong as unknown as number });
    await expect(refused).rejects.toThrow(/priority is .*; expected a number, 0 by default/);
    const next = queue.request({ label: 'orc' });
    await finishAll(runs);
    expect(await next).toBe('orc!');
  });
});

describe('order', () => {
  it('is that of arrival among equals', async () => {
    const { queue, runs, started } = createQueue();
    for (const label of ['a', 'b', 'c', 'd']) void queue.request({ label });
    await finishAll(runs);
    expect(started()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('has the highest priority first, also among requests of one task', async () => {
    const { queue, runs, started } = createQueue();
    void queue.request({ label: 'low' }, { priority: -1 });
    void queue.request({ label: 'usual' });
    void queue.request({ label: 'high' }, { priority: 5 });
    void queue.request({ label: 'usual too' });
    await finishAll(runs);
    expect(started()).toEqual(['high', 'usual', 'usual too', 'low']);
  });

  it('holds with several lanes, which run at once and take the next when free', async () => {
    const { queue, runs, started } = createQueue({ numLanes: 2 });
    for (const [label, priority] of Object.entries({ a: 0, b: 1, c: 0, d: 2, e: 1 })) {
      void queue.request({ label }, { priority });
    }
    await settled();
    expect(started()).toEqual(['d', 'b']);
    runs[1]!.finish();
    await settled();
    expect(started()).toEqual(['d', 'b', 'e']);
    void queue.request({ label: 'f' }, { priority: 3 });
    runs[0]!.finish();
    runs[2]!.finish();
    await settled();
    expect(started()).toEqual(['d', 'b', 'e', 'f', 'a']);
    runs[3]!.finish();
    await settled();
    expect(started()).toEqual(['d', 'b', 'e', 'f', 'a', 'c']);
  });

  it('does not interrupt what runs', async () => {
    const { queue, runs, started } = createQueue();
    void queue.request({ label: 'a' });
    await settled();
    void queue.request({ label: 'urgent' }, { priority: 9 });
    await settled();
    expect(started()).toEqual(['a']);
    expect(runs[0]!.signal.aborted).toBe(false);
  });
});

describe('callers of the same request', () => {
  it('share one job and its result while it waits and while it runs', async () => {
    const { queue, runs, started } = createQueue();
    const first = [queue.request({ label: 'elf' }), queue.request({ label: 'elf' })];
    expect(queue.length).toBe(1);
    await settled();
    const late = queue.request({ label: 'elf' });
    await finishAll(runs);
    expect(await Promise.all([...first, late])).toEqual(['elf!', 'elf!', 'elf!']);
    expect(started()).toEqual(['elf']);
  });

  it('make one request of theirs while it waits, not once it runs', async () => {
    const join = (waiting: Request, joining: Request) => ({ ...waiting, style: `${waiting.style}+${joining.style}` });
    const run = vi.fn(async (requests: Request[]) => requests.map(({ style }) => style!));
    const { queue } = createQueue({ join, run, batchKeyOf: () => 'all' });
    const first = ['a', 'b'].map((style) => queue.request({ label: 'elf', style }));
    await Promise.resolve();
    const late = queue.request({ label: 'elf', style: 'c' });
    expect(await Promise.all([...first, late])).toEqual(['a+b', 'a+b', 'a+b']);
    expect(run).toHaveBeenCalledTimes(1);
  });

  it('get a new job once the first is done', async () => {
    const { queue, runs, started } = createQueue();
    const again = queue.request({ label: 'elf' }).then(() => queue.request({ label: 'elf' }));
    await finishAll(runs);
    expect(await again).toBe('elf!');
    expect(started()).toEqual(['elf', 'elf']);
  });

  it('raise its priority, keep its place among equals, and never lower it', async () => {
    const { queue, runs, started } = createQueue();
    void queue.request({ label: 'a' }, { priority: 1 });
    void queue.request({ label: 'b' });
    void queue.request({ label: 'c' }, { priority: 1 });
    void queue.request({ label: 'b' }, { priority: 1 });
    void queue.request({ label: 'a' }, { priority: -1 });
    await finishAll(runs);
    expect(started()).toEqual(['a', 'b', 'c']);
  });

  it('no longer raise it when they have left', async () => {
    const { queue, runs, started } = createQueue();
    const urgent = new AbortController();
    void queue.request({ label: 'a' }, { priority: 1 });
    void queue.request({ label: 'b' });
    const left = queue.request({ label: 'b' }, { priority: 2, signal: urgent.signal });
    urgent.abort();
    await expect(left).rejects.toThrow();
    await finishAll(runs);
    expect(started()).toEqual(['a', 'b']);
  });
});

describe('batches', () => {
  it('hold requests of one batch key and one priority, in order of arrival, up to their size', async () => {
    const { queue, runs, started } = createQueue({ batchSize: 3 });
    const labels = ['a', 'b', 'c', 'd', 'e', 'f'];
    const results = [
      queue.request({ label: 'a' }),
      queue.request({ label: 'b', style: 'guided' }),
      queue.request({ label: 'c' }),
      queue.request({ label: 'd' }, { priority: 1 }),
      queue.request({ label: 'e' }),
      queue.request({ label: 'f' }),
    ];
    await finishAll(runs);
    expect(started()).toEqual(['d', 'a,c,e', 'b', 'f']);
    expect(await Promise.all(results)).toEqual(labels.map((label) => `${label}!`));
  });

  it('are filled before the next lane is', async () => {
    const { queue, started } = createQueue({ batchSize: 2, numLanes: 2 });
    for (const label of ['a', 'b', 'c', 'd', 'e']) void queue.request({ label });
    await settled();
    expect(started()).toEqual(['a,b', 'c,d']);
  });

  it('hold what the callers of the last batch ask for at once', async () => {
    const { queue, runs, started } = createQueue({ batchSize: 2 });
    const twice = async (label: string) => {
      await queue.request({ label });
      await queue.request({ label: `${label}2` });
    };
    const both = Promise.all([twice('a'), twice('b')]);
    await finishAll(runs);
    await both;
    expect(started()).toEqual(['a,b', 'a2,b2']);
  });

  it('that fail reject all their callers with the error, and the queue goes on', async () => {
    const { queue, runs } = createQueue({ batchSize: 2 });
    const error = new Error('out of memory');
    const failed = [queue.request({ label: 'a' }), queue.request({ label: 'a' }), queue.request({ label: 'b' })];
    const next = queue.request({ label: 'c' });
    await settled();
    runs[0]!.fail(error);
    for (const promise of failed) await expect(promise).rejects.toBe(error);
    await settled();
    expect(queue.length).toBe(1);
    runs[1]!.finish();
    expect(await next).toBe('c!');
  });

  it('that throw at once, or give another number of results, reject too', async () => {
    const thrown = createQueue({
      run: () => {
        throw new Error('no device');
      },
    });
    await expect(thrown.queue.request({ label: 'a' })).rejects.toThrow('no device');
    await expect(thrown.queue.request({ label: 'b' })).rejects.toThrow('no device');
    const short = createQueue({ run: async () => [], batchSize: 2 });
    const both = [short.queue.request({ label: 'a' }), short.queue.request({ label: 'b' })];
    for (const promise of both) await expect(promise).rejects.toThrow('run gave 0 results for 2 requests');
    expect(short.queue.length).toBe(0);
  });
});

describe('steps', () => {
  it('reach each caller with the place of its request in the batch', async () => {
    const { queue, runs } = createQueue({ batchSize: 2 });
    const [a, b, late] = [vi.fn(), vi.fn(), vi.fn()];
    const requests = [queue.request({ label: 'a' }, { onStep: a }), queue.request({ label: 'b' }, { onStep: b })];
    await settled();
    runs[0]!.onStep(1);
    requests.push(queue.request({ label: 'b' }, { onStep: late }));
    runs[0]!.onStep(2);
    await finishAll(runs);
    await Promise.all(requests);
    runs[0]!.onStep(3);
    expect(a.mock.calls).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(b.mock.calls).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(late.mock.calls).toEqual([[2, 1]]);
  });

  it('no longer reach callers that have left, also during the step', async () => {
    const { queue, runs } = createQueue();
    const controller = new AbortController();
    const onStep = vi.fn();
    const requests = [
      queue.request({ label: 'a' }, { onStep: () => controller.abort('gone') }),
      queue.request({ label: 'a' }, { onStep, signal: controller.signal }),
    ];
    await settled();
    runs[0]!.onStep(1);
    runs[0]!.onStep(2);
    await expect(requests[1]).rejects.toBe('gone');
    expect(onStep).not.toHaveBeenCalled();
    await finishAll(runs);
    expect(await requests[0]).toBe('a!');
  });

  it('may be answered by a request for the same', async () => {
    const { queue, runs } = createQueue();
    const joined: Promise<string>[] = [];
    const onStep = () => void joined.push(queue.request({ label: 'a' }, { onStep }));
    const first = queue.request({ label: 'a' }, { onStep });
    await settled();
    runs[0]!.onStep(1);
    expect(joined.length).toBe(1);
    await finishAll(runs);
    expect(await Promise.all([first, ...joined])).toEqual(['a!', 'a!']);
  });

  it('that a caller fails at reject it alone', async () => {
    const { queue, runs } = createQueue({ batchSize: 2 });
    const error = new Error('no texture');
    const controller = new AbortController();
    const onStep = () => {
      throw error;
    };
    const onLast = () => {
      controller.abort('gone');
      throw error;
    };
    const failed = queue.request({ label: 'a' }, { onStep });
    const left = queue.request({ label: 'a' }, { onStep: onLast, signal: controller.signal });
    const other = queue.request({ label: 'b' });
    await settled();
    runs[0]!.onStep(1);
    await expect(failed).rejects.toBe(error);
    await expect(left).rejects.toBe('gone');
    expect(runs[0]!.signal.aborted).toBe(false);
    await finishAll(runs);
    expect(await other).toBe('b!');

    const alone = queue.request({ label: 'c' }, { onStep });
    await settled();
    runs[1]!.onStep(1);
    await expect(alone).rejects.toBe(error);
    expect(runs[1]!.signal.reason).toBe(error);
  });
});

describe('length', () => {
  it('counts what waits and runs, and is told when it changes', async () => {
    const lengths: number[] = [];
    const { queue, runs } = createQueue({ batchSize: 2, onLengthChange: (length) => lengths.push(length) });
    const controller = new AbortController();
    const requests = [queue.request({ label: 'a' }), queue.request({ label: 'a' }), queue.request({ label: 'b' })];
    const left = queue.request({ label: 'c' }, { signal: controller.signal });
    expect([lengths, queue.length]).toEqual([[1, 2, 3], 3]);
    controller.abort('gone');
    await expect(left).rejects.toBe('gone');
    expect([lengths.splice(0), queue.length]).toEqual([[1, 2, 3, 2], 2]);
    await settled();
    expect([lengths, queue.length]).toEqual([[], 2]);
    await finishAll(runs);
    await Promise.all(requests);
    expect([lengths, queue.length]).toEqual([[0], 0]);
  });
});

describe('listeners that throw', () => {
  it('are reported and stop neither the queue nor a caller', async () => {
    const uncaught = takeUncaught();
    const broken = () => {
      throw new Error('broken listener');
    };
    const { queue, runs } = createQueue({ batchSize: 2, onLengthChange: broken });
    const controller = new AbortController();
    const left = queue.request({ label: 'a' }, { signal: controller.signal });
    const requests = [queue.request({ label: 'b' }), queue.request({ label: 'c' })];
    await settled();
    controller.abort('gone');
    await expect(left).rejects.toBe('gone');
    await finishAll(runs);
    expect(await Promise.all(requests)).toEqual(['b!', 'c!']);
    const numLengths = 5; // 1, 2, 3, 1, 0
    expect(uncaught).toEqual(Array(numLengths).fill(new Error('broken listener')));
  });
});
