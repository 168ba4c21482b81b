import { describe, expect, it } from 'vitest';
import { PHASE, type TraceEvent, workBesidesDrawing } from './mainThread.ts';

const page = { pid: 1, tid: 1 };
const event = (name: string, ts: number, dur: number, rest: Partial<TraceEvent> = {}): TraceEvent => ({
  ...page,
  name,
  ph: 'X',
  ts,
  dur,
  ...rest,
});
const task = (ts: number, dur: number, tdur = dur) => event('RunTask', ts, dur, { tdur });
const callback = (id: number, ts: number, dur: number, tdur = dur) =>
  event('FireAnimationFrame', ts, dur, { tdur, args: { data: { id } } });
const bounds: TraceEvent[] = [
  { ...page, name: PHASE, ph: 'b', ts: 1000 },
  { ...page, name: PHASE, ph: 'e', ts: 90_000 },
];

describe('workBesidesDrawing', () => {
  it('sums up a frame’s tasks, and leaves out those that draw', () => {
    const events = [
      ...bounds,
      task(1500, 700), // before the first drawing: of no frame
      task(10_000, 8000), // draws; style and layout are in it, too
      callback(3, 10_500, 6000),
      task(20_000, 2000, 1500),
      task(23_000, 1000, 400),
      task(27_000, 5000),
      callback(4, 27_100, 3000),
    ];
    expect(workBesidesDrawing(events, [3, 4])).toEqual([
      { durationMs: 3, computeMs: 1.9, longestMs: 1.5 },
      { durationMs: 0, computeMs: 0, longestMs: 0 },
    ]);
  });

  it('counts what else is called with the frame', () => {
    const slice = callback(8, 17_000, 2500, 2000);
    const frames = workBesidesDrawing([...bounds, slice, task(10_000, 12_000), callback(7, 10_500, 6000)], [7]);
    expect(frames).toEqual([{ durationMs: 2.5, computeMs: 2, longestMs: 2 }]);
  });

  it('takes no other thread, and nothing outside the phase', () => {
    const events = [
      ...bounds,
      task(2000, 900),
      callback(1, 2100, 500),
      event('RunTask', 4000, 50_000, { tid: 2 }),
      task(95_000, 3000),
    ];
    expect(workBesidesDrawing(events, [1])).toEqual([{ durationMs: 0, computeMs: 0, longestMs: 0 }]);
  });

  it('refuses a trace without what it looks for', () => {
    expect(() => workBesidesDrawing([task(0, 1)], [])).toThrow(/no "figment phase"; trace blink.user_timing/);
    expect(() => workBesidesDrawing([...bounds, task(2000, 900), callback(1, 2100, 500)], [2])).toThrow(/no frame/);
  });
});
