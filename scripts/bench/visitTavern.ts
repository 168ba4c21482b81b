// A visit to the tavern, timed: when the room, the faces and everything else are there, and how the page moves meanwhile.
import type { Browser, Page } from 'playwright-core';

/** What a visitor waits for, in the order in which it comes; the page marks these moments. */
const MILESTONES = ['engine', 'room', 'painter', 'first face', 'faces', 'ready'] as const;

export type Milestone = (typeof MILESTONES)[number];

export interface Reached {
  milestone: Milestone;
  /** Since the address was opened. */
  atMs: number;
  /** What the page had fetched by then, as it came over the wire; what its workers fetch is not counted. */
  fetchedBytes: number;
  /** Frames a second since the milestone before; null before there is an engine that draws. */
  fps: number | null;
}

export interface TavernVisit {
  reached: Reached[];
  /** Frames a second once everything is painted and guests come and go. */
  fps: number;
  /** How many pixels are drawn then. */
  resolution: string;
  adapter: string;
  backend: string;
}

export interface VisitOptions {
  url: string;
  viewport: { width: number; height: number };
  /** How long to look on once everything is painted, in seconds. */
  lookOnS: number;
}

const LIMIT_MS = 300_000;

/** Opens the tavern as a first visitor does, with nothing stored, and waits until everything is painted. */
export async function visitTavern(browser: Browser, options: VisitOptions): Promise<TavernVisit> {
  const { url, viewport, lookOnS } = options;
  const context = await browser.newContext({ viewport, serviceWorkers: 'block' });
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(LIMIT_MS);
    await page.addInitScript(COUNT_FRAMES);
    await page.goto(url);
    await page.waitForFunction(() => document.body.dataset.state === 'ready', undefined, { polling: 250 });
    const reached = await milestonesOf(page);
    const before = await timesOfFrames(page);
    await page.waitForTimeout(1000 * lookOnS);
    const numFrames = (await timesOfFrames(page)).length - before.length;
    const measured = (name: string) => page.textContent(`[data-measure=${name}]`);
    return {
      reached,
      fps: numFrames / lookOnS,
      resolution: (await measured('resolution'))!,
      adapter: (await measured('adapter'))!,
      backend: (await measured('backend'))!,
    };
  } finally {
    await context.close();
  }
}

/** Run in the page: notes when frames are drawn. The browser asks for the next one when the last is on the screen. */
const COUNT_FRAMES = `window.timesOfFrames = [];
const request = window.requestAnimationFrame;
window.requestAnimationFrame = (draw) => request((time) => {
  window.timesOfFrames.push(performance.now());
  draw(time);
});`;

function timesOfFrames(page: Page): Promise<number[]> {
  return page.evaluate(() => (globalThis as unknown as { timesOfFrames: number[] }).timesOfFrames);
}

async function milestonesOf(page: Page): Promise<Reached[]> {
  const frames = await timesOfFrames(page);
  const marks = await page.evaluate((names) => {
    const files = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
    return names.map((name) => {
      const atMs = performance.getEntriesByName(name)[0]!.startTime;
      const fetched = files.filter(({ responseEnd }) => responseEnd > 0 && responseEnd <= atMs);
      return { atMs, fetchedBytes: fetched.reduce((sum, { encodedBodySize }) => sum + encodedBodySize, 0) };
    });
  }, MILESTONES);
  return marks.map((mark, i) => {
    const fromMs = marks[i - 1]?.atMs;
    return {
      milestone: MILESTONES[i]!,
      ...mark,
      fps: fromMs === undefined ? null : framesPerSecond(frames, fromMs, mark.atMs),
    };
  });
}

/** @param times when frames were drawn, in milliseconds */
function framesPerSecond(times: readonly number[], fromMs: number, toMs: number): number {
  return (1000 * times.filter((time) => time > fromMs && time <= toMs).length) / Math.max(1, toMs - fromMs);
}
