import type { Page } from 'playwright-core';
import { openBrowser, type PageOptions, type TestPage } from '../../../scripts/testing/openBrowser.ts';
import type { Activity, FramePath } from './framePage.ts';
import { type FrameWork, TRACE_CATEGORIES, type TraceEvent, workBesidesDrawing } from './mainThread.ts';

type FramePage = TestPage<typeof import('./framePage.ts')>;

export interface FrameMeasurement {
  engine: string;
  /** Why pictures are made where they are. */
  reason: string;
  /** What generation may take of the main thread in a frame. */
  frameBudgetMs: number;
  phases: Partial<Record<Activity, Phases>>;
}

/** All phases of one activity together. */
export interface Phases {
  durationMs: number;
  numPictures: number;
  /** Times of frames. */
  frameMs: number[];
  /** What the main thread did in each frame besides drawing it. */
  work: FrameWork[];
}

export interface MeasureFramesOptions {
  path: FramePath;
  /** The address of a model's folder in the site. */
  model: string;
  site: Pick<PageOptions, 'files' | 'folders'>;
  sizePx: readonly [width: number, height: number];
  /** They take turns, so that what else the machine does falls on all alike. */
  activities: readonly Activity[];
  numRounds: number;
  /** How long one activity takes in one round. */
  durationMs: number;
  /** How long what a change of activity sets off is let pass by, before and after each; default: half a second. */
  settleMs?: number;
  signal?: AbortSignal;
  /** Told before each phase, with its place from 0; null: the page starts. */
  onPhase?: (activity: Activity | null, index: number) => void;
}

const module = 'plugin/testing/frames/framePage.ts';

/**
 * Draws a scene in Chromium, and measures its frames with and without generation in turns.
 *
 * @throws the signal's reason; Error when the page reports one
 */
export async function measureFrames(options: MeasureFramesOptions): Promise<FrameMeasurement> {
  const { path, site, signal, onPhase } = options;
  signal?.throwIfAborted();
  onPhase?.(null, 0);
  const browser = await openBrowser({ webgpu: path === 'gpu' });
  const close = () => void browser.close();
  signal?.addEventListener('abort', close);
  try {
    const page: FramePage = await browser.openPage({ module, ...site });
    return await measurePage(page, options).finally(() => page.close());
  } catch (error) {
    throw signal?.aborted ? signal.reason : error;
  } finally {
    signal?.removeEventListener('abort', close);
    await browser.close();
  }
}

async function measurePage(page: FramePage, options: MeasureFramesOptions): Promise<FrameMeasurement> {
  const { path, model, sizePx } = options;
  await page.playwright.setViewportSize({ width: sizePx[0], height: sizePx[1] });
  const started = await page.call('start', path, model, sizePx);
  const phases = await measurePhases(page, options);
  const errors = page.takeErrors();
  if (errors.length > 0) throw new Error(`measureFrames: the page failed: ${errors.join('\n')}`);
  return { ...started, phases };
}

async function measurePhases(page: FramePage, options: MeasureFramesOptions): Promise<FrameMeasurement['phases']> {
  const { activities, numRounds, durationMs, settleMs, onPhase } = options;
  const phases: FrameMeasurement['phases'] = {};
  for (let i = 0; i < numRounds * activities.length; i++) {
    const activity = activities[i % activities.length]!;
    onPhase?.(activity, i);
    const { result, events } = await traced(page.playwright, () =>
      page.call('measure', activity, durationMs, settleMs),
    );
    phases[activity] ??= { durationMs: 0, numPictures: 0, frameMs: [], work: [] };
    const all = phases[activity];
    all.durationMs += result.durationMs;
    all.numPictures += result.numPictures;
    all.frameMs.push(...result.frameMs);
    all.work.push(...workBesidesDrawing(events, result.drawHandles));
  }
  return phases;
}

async function traced<Result>(page: Page, work: () => Promise<Result>) {
  const browser = page.context().browser()!;
  await browser.startTracing(page, { categories: TRACE_CATEGORIES });
  const result = await work();
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
  return { result, events: traceEvents };
}
