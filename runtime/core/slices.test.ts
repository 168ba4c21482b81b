import { describe, expect, it } from 'vitest';
import { abortable, nextValue, resultOf, runToEnd } from './slices.ts';

/** Counts to three in as many slices, and notes whether it was given up or came to its end. */
function counting() {
  const events: unknown[] = [];
  const slices = (function* () {
    try {
      for (let i = 1; i <= 3; i++) {
        events.push(i);
        yield i === 2 ? 'two' : null;
      }
      return 'result';
    } finally {
      events.push('freed');
    }
  })();
  return { slices, events };
}

describe('runToEnd', () => {
  it('passes over the pauses and returns the result', () => {
    const { slices, events } = counting();
    expect(runToEnd(slices)).toBe('result');
    expect(events).toEqual([1, 2, 3, 'freed']);
  });
});

describe('abortable', () => {
  it('pauses after each slice, and returns the result', () => {
    const run = abortable(counting().slices, undefined);
    expect([run.next(), run.next(), run.next()].map(({ value }) => value)).toEqual([null, null, null]);
    expect(run.next()).toEqual({ done: true, value: 'result' });
  });

  it('gives the slices up with the reason of the signal, before the next one', () => {
    const { slices, events } = counting();
    const abort = new AbortController();
    const run = abortable(slices, abort.signal);
    run.next();
    abort.abort(new Error('enough'));
    expect(() => run.next()).toThrow('enough');
    expect(events).toEqual([1, 'freed']);
  });

  it('frees what the slices hold when it is given up itself', () => {
    const { slices, events } = counting();
    const run = abortable(slices, undefined);
    run.next();
    run.return(undefined as never);
    expect(events).toEqual([1, 'freed']);
  });
});

describe('at a pace', () => {
  it('waits before each slice, and returns the result', async () => {
    const { slices, events } = counting();
    const pace = {
      slice: async () => {
        events.push('wait');
      },
    };
    expect(await resultOf(slices, { pace })).toBe('result');
    expect(events).toEqual(['wait', 1, 'wait', 2, 'wait', 3, 'wait', 'freed']);
  });

  it('goes on to the next value, and to undefined at the end', async () => {
    const { slices } = counting();
    expect(await nextValue(slices, { pace: {} })).toBe('two');
    expect(await nextValue(slices, { pace: {} })).toBeUndefined();
  });

  it('runs slices the way that it is told', async () => {
    let count = 0;
    const runSlice = <T>(slice: () => T): T => {
      count += 1;
      return slice();
    };
    await resultOf(counting().slices, { pace: {}, runSlice });
    expect(count).toBe(4);
  });

  it('gives the slices up with the reason of the signal', async () => {
    const { slices, events } = counting();
    const abort = new AbortController();
    const pace = { slice: async () => (events.length > 0 ? abort.abort(new Error('enough')) : undefined) };
    await expect(resultOf(slices, { pace, signal: abort.signal })).rejects.toThrow('enough');
    expect(events).toEqual([1, 'freed']);
  });
});
