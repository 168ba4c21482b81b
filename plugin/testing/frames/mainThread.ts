// What the main thread of a page did besides drawing, from a trace of Chromium.

/** The performance measure around what is measured; the thread that made it is the page's main thread. */
export const PHASE = 'figment phase';

/** How long a page computes in each frame that is to be busy; many times what the others take besides drawing. */
export const BUSY_FRAME_MS = 60;

/** The page's tasks, the callbacks of requestAnimationFrame in them, and `PHASE`. */
export const TRACE_CATEGORIES = ['disabled-by-default-devtools.timeline', 'devtools.timeline', 'blink.user_timing'];

/** An event of the format that chrome://tracing reads; times in microseconds. */
export interface TraceEvent {
  name: string;
  /** X: an event with a duration; b and e: the begin and end of another. */
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  /** The part of `dur` in which the thread ran on a core. */
  tdur?: number;
  args?: { data?: { id?: number } };
}

/** Work of the main thread in one frame, its drawing left out. */
export interface FrameWork {
  /** Time taken, waiting for a core or a lock included. */
  durationMs: number;
  /** Time on a core. */
  computeMs: number;
  /** Time on a core of its longest piece. */
  longestMs: number;
}

interface Task extends TraceEvent {
  dur: number;
}

/**
 * Sums up the tasks between one drawing and the next. Of a task that draws, only the other callbacks of
 * requestAnimationFrame count: styles, layout and compositing belong to drawing.
 *
 * @param drawHandles what requestAnimationFrame returned for the callbacks that draw
 * @throws Error when the trace has no phase, or none of the drawings
 */
export function workBesidesDrawing(events: readonly TraceEvent[], drawHandles: readonly number[]): FrameWork[] {
  const onThread = eventsOfPhase(events);
  const draws = new Set(drawHandles);
  const callbacks = onThread.filter(({ name }) => name === 'FireAnimationFrame');
  const frames: FrameWork[] = [];
  for (const task of onThread.filter(({ name }) => name === 'RunTask')) {
    const inTask = callbacks.filter(({ ts }) => ts >= task.ts && ts < task.ts + task.dur);
    const others = inTask.filter(({ args }) => !draws.has(args?.data?.id ?? -1));
    const isDrawing = others.length < inTask.length;
    if (isDrawing) frames.push({ durationMs: 0, computeMs: 0, longestMs: 0 });
    const frame = frames.at(-1);
    if (frame) for (const piece of isDrawing ? others : [task]) addTo(frame, piece);
  }
  if (frames.length === 0) throw new Error('workBesidesDrawing: the trace has no frame; measure for longer');
  return frames;
}

/** Events with a duration that began within the phase, on its thread, in order. */
function eventsOfPhase(events: readonly TraceEvent[]): Task[] {
  const begin = events.find(({ name, ph }) => name === PHASE && ph === 'b');
  const end = events.find(({ name, ph }) => name === PHASE && ph === 'e');
  if (!begin || !end) throw new Error(`workBesidesDrawing: the trace has no "${PHASE}"; trace blink.user_timing`);
  const { pid, tid } = begin;
  const isInside = (event: TraceEvent): event is Task =>
    event.ph === 'X' && event.pid === pid && event.tid === tid && event.ts >= begin.ts && event.ts < end.ts;
  return events.filter(isInside).sort((a, b) => a.ts - b.ts);
}

function addTo(frame: FrameWork, { dur, tdur = dur }: Task): void {
  frame.durationMs += dur / 1000;
  frame.computeMs += tdur / 1000;
  frame.longestMs = Math.max(frame.longestMs, tdur / 1000);
}
