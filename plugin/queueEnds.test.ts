// How waiting ends other than with a result: aborts, clear and dispose.
import { describe, expect, it, vi } from 'vitest';
import { createQueue, failOnUnhandledRejections, finishAll, numListeners, settled } from './testing/testQueue.ts';

failOnUnhandledRejections();

describe('an abort', () => {
  it('before the request rejects without queueing', async () => {
    const { queue, started } = createQueue();
    const reason = new Error('too late');
    const signal = AbortSignal.abort(reason);
    const request = queue.request({ label: 'a' }, { signal });
    expect(queue.length).toBe(0);
    await expect(request).rejects.toBe(reason);
    expect(numListeners(signal)).toBe(0);
    expect(started()).toEqual([]);
  });

  it('while it waits drops the job', async () => {
    const { queue, runs, started } = createQueue();
    const controller = new AbortController();
    void queue.request({ label: 'a' });
    const waiting = queue.request({ label: 'b' }, { signal: controller.signal });
    await settled();
    controller.abort('gone');
    await expect(waiting).rejects.toBe('gone');
    expect(queue.length).toBe(1);
    await finishAll(runs);
    expect(started()).toEqual(['a']);
  });

  it('in the task of the request drops it before it starts', async () => {
    const { queue, started } = createQueue();
    const controller = new AbortController();
    const request = queue.request({ label: 'a' }, { signal: controller.signal });
    controller.abort('gone');
    await expect(request).rejects.toBe('gone');
    await settled();
    expect(started()).toEqual([]);
  });

  it('while it runs rejects at once, aborts the run, and gives the lane on once the run has settled', async () => {
    const { queue, runs, started } = createQueue();
    const controller = new AbortController();
    const running = queue.request({ label: 'a' }, { signal: controller.signal });
    const next = queue.request({ label: 'b' });
    await settled();
    controller.abort('gone');
    expect(runs[0]!.signal.reason).toBe('gone');
    expect(queue.length).toBe(1);
    await expect(running).rejects.toBe('gone');
    await settled();
    expect(started()).toEqual(['a']);
    runs[0]!.fail(runs[0]!.signal.reason);
    await settled();
    runs[1]!.finish();
    expect(await next).toBe('b!');
  });

  it('after the result changes nothing', async () => {
    const { queue, runs } = createQueue();
    const controller = new AbortController();
    const request = queue.request({ label: 'a' }, { signal: controller.signal });
    await finishAll(runs);
    controller.abort();
    expect(await request).toBe('a!');
    expect(runs[0]!.signal.aborted).toBe(false);
  });

  it.each(['waiting', 'running'])('rejects only its caller while others share the %s job', async (stage) => {
    const { queue, runs } = createQueue();
    const controllers = [new AbortController(), new AbortController()];
    const [left, stayed] = controllers.map(({ signal }) => queue.request({ label: 'a' }, { signal }));
    if (stage === 'running') await settled();
    controllers[0]!.abort('gone');
    await expect(left).rejects.toBe('gone');
    expect(queue.length).toBe(1);
    await finishAll(runs);
    expect(runs[0]!.signal.aborted).toBe(false);
    expect(await stayed).toBe('a!');
  });

  it('of some of a batch leaves the results of the others; of the last it aborts the batch', async () => {
    const { queue, runs } = createQueue({ batchSize: 3 });
    const controllers = ['a', 'b', 'c'].map((label) => ({ label, controller: new AbortController() }));
    const requests = controllers.map(({ label, controller: { signal } }) => queue.request({ label }, { signal }));
    await settled();
    controllers[0]!.controller.abort('gone');
    await expect(requests[0]).rejects.toBe('gone');
    expect(runs[0]!.signal.aborted).toBe(false);
    const back = queue.request({ label: 'a' });
    runs[0]!.finish();
    expect(await Promise.all([back, requests[1], requests[2]])).toEqual(['a!', 'b!', 'c!']);

    const others = ['d', 'e'].map((label) => ({ label, controller: new AbortController() }));
    const lost = others.map(({ label, controller: { signal } }) => queue.request({ label }, { signal }));
    await settled();
    others[1]!.controller.abort('first');
    expect(runs[1]!.signal.aborted).toBe(false);
    others[0]!.controller.abort('last');
    expect(runs[1]!.signal.reason).toBe('last');
    expect(await Promise.allSettled(lost)).toMatchObject([{ reason: 'last' }, { reason: 'first' }]);
  });

  it('makes a request of the same key that follows a new job, whatever becomes of the old', async () => {
    const { queue, runs, started } = createQueue({ numLanes: 2 });
    const controller = new AbortController();
    const left = queue.request({ label: 'a' }, { signal: controller.signal });
    await settled();
    controller.abort('gone');
    await expect(left).rejects.toBe('gone');
    const again = queue.request({ label: 'a' });
    await settled();
    expect(started()).toEqual(['a', 'a']);
    runs[0]!.finish();
    await settled();
    expect(queue.length).toBe(1);
    const joined = queue.request({ label: 'a' });
    runs[1]!.finish();
    expect(await Promise.all([again, joined])).toEqual(['a!', 'a!']);
    expect(started()).toEqual(['a', 'a']);
  });

  it('of one signal ends all its requests', async () => {
    const { queue, runs, started } = createQueue({ batchSize: 2 });
    const controller = new AbortController();
    const { signal } = controller;
    const requests = ['a', 'b', 'c'].map((label) => queue.request({ label }, { signal }));
    await settled();
    controller.abort('gone');
    for (const request of requests) await expect(request).rejects.toBe('gone');
    expect(queue.length).toBe(0);
    await finishAll(runs);
    expect(started()).toEqual(['a,b']);
  });
});

describe('signals', () => {
  it('have no listener left after a result, an error, an abort or a clear', async () => {
    const { queue, runs } = createQueue({ batchSize: 2 });
    const shared = new AbortController();
    const { signal } = shared;
    const requests = ['a', 'b', 'a'].map((label) => queue.request({ label }, { signal }));
    expect(numListeners(signal)).toBe(3);
    await finishAll(runs);
    await Promise.all(requests);
    expect(numListeners(signal)).toBe(0);

    const failed = queue.request({ label: 'c' }, { signal });
    await settled();
    runs[1]!.fail(new Error('lost'));
    await expect(failed).rejects.toThrow('lost');
    expect(numListeners(signal)).toBe(0);

    const cleared = queue.request({ label: 'd' }, { signal });
    queue.clear('closed');
    expect(numListeners(signal)).toBe(0);
    await expect(cleared).rejects.toBe('closed');

    const aborted = queue.request({ label: 'e' }, { signal });
    shared.abort('gone');
    expect(numListeners(signal)).toBe(0);
    await expect(aborted).rejects.toBe('gone');
  });
});

describe('results that nobody waits for', () => {
  it('go nowhere: of a mate that was left, and after a clear', async () => {
    const { queue, runs } = createQueue({ batchSize: 2 });
    const controller = new AbortController();
    const left = queue.request({ label: 'a' }, { signal: controller.signal });
    const stayed = queue.request({ label: 'b' });
    await settled();
    controller.abort('gone');
    await expect(left).rejects.toBe('gone');
    runs[0]!.finish();
    expect(await stayed).toBe('b!');

    const cleared = queue.request({ label: 'c' });
    await settled();
    queue.clear('closed');
    await expect(cleared).rejects.toBe('closed');
    runs[1]!.finish();
    await settled();
    expect(queue.length).toBe(0);
  });
});

describe('clear', () => {
  it('rejects everything, aborts what runs, and lets the queue go on', async () => {
    const { queue, runs, started } = createQueue({ numLanes: 2 });
    const requests = ['a', 'b', 'c', 'a'].map((label) => queue.request({ label }));
    await settled();
    const reason = new Error('another scene');
    queue.clear(reason);
    expect(queue.length).toBe(0);
    for (const request of requests) await expect(request).rejects.toBe(reason);
    expect(runs.map(({ signal }) => signal.reason)).toEqual([reason, reason]);
    const next = queue.request({ label: 'a' });
    for (const run of runs) run.fail(reason);
    await settled();
    expect(started()).toEqual(['a', 'b', 'a']);
    runs[2]!.finish();
    expect(await next).toBe('a!');
  });

  it('has an AbortError as its reason by default, and is nothing to an empty queue', async () => {
    const onLengthChange = vi.fn();
    const { queue } = createQueue({ onLengthChange });
    queue.clear();
    expect(onLengthChange).not.toHaveBeenCalled();
    const request = queue.request({ label: 'a' });
    queue.clear();
    await expect(request).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('dispose', () => {
  it('rejects with an AbortError, aborts what runs, and refuses later requests', async () => {
    const { queue, runs, started } = createQueue();
    const requests = ['a', 'b'].map((label) => queue.request({ label }));
    await settled();
    queue.dispose();
    for (const request of requests) await expect(request).rejects.toMatchObject({ name: 'AbortError' });
    await expect(requests[0]).rejects.toBeInstanceOf(DOMException);
    expect(runs[0]!.signal.reason).toMatchObject({ name: 'AbortError' });
    await expect(queue.request({ label: 'c' })).rejects.toThrow(/the queue is disposed; create another/);
    queue.dispose();
    runs[0]!.fail(runs[0]!.signal.reason);
    await settled();
    expect([queue.length, started()]).toEqual([0, ['a']]);
  });
});
