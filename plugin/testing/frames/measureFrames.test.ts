import { describe, expect, it } from 'vitest';
import { tinyModelFolder } from '../../../runtime/testing/tinyModel.ts';
import { findChromium } from '../../../scripts/testing/chromium.ts';
import { describeInBrowser } from '../../../scripts/testing/describeInBrowser.ts';
import { summarise } from './frameTimes.ts';
import { BUSY_FRAME_MS } from './mainThread.ts';
import { type MeasureFramesOptions, measureFrames, type Phases } from './measureFrames.ts';

const files = Object.entries(await tinyModelFolder()).map(([name, bytes]) => [`/tiny/${name}`, bytes]);
const OPTIONS: MeasureFramesOptions = {
  path: 'worker',
  model: 'tiny/',
  site: { files: Object.fromEntries(files) },
  sizePx: [160, 90],
  activities: ['idle', 'generating', 'busyFrames'],
  numRounds: 2,
  durationMs: 600,
  settleMs: 50,
};
const LIMIT_MS = 240_000;
/** Two clocks, one of the page and one of its trace. */
const ROUNDING = 0.02;

/** How much earlier than its callbacks a frame is said to be, at most: a frame of the display. */
const DISPLAY_FRAME_MS = 1000 / 60;

/** The median work of the main thread in a frame, besides drawing: the time that it takes, and that on a core. */
const medianWorkMs = ({ work }: Phases) => summarise(work.map(({ durationMs }) => durationMs)).median;
const medianComputeMs = ({ work }: Phases) => summarise(work.map(({ computeMs }) => computeMs)).median;

describeInBrowser(
  'the page that measures a GPU',
  (openPage) => {
    it('finds frames with and without generation, and how long pictures take', async () => {
      const page = await openPage<typeof import('./gpuPage.ts')>({
        module: 'plugin/testing/frames/gpuPage.ts',
        files: OPTIONS.site.files,
      });
      const measured = await page.call('measureGpu', {
        model: 'tiny/',
        counts: [1, 5],
        durationMs: 1500,
        settleMs: 50,
        sizePx: [160, 90],
      });
      expect(measured).toMatchObject({ engine: 'WebGL', reason: expect.stringContaining('worker'), model: 'tiny/' });
      expect(measured.device).toMatch(/swiftshader/i);
      const { idle, generating } = measured.frames;
      for (const { medianMs, p95Ms, worstMs } of [idle, generating]) {
        expect(medianMs).toBeGreaterThan(0);
        expect(p95Ms).toBeGreaterThanOrEqual(medianMs);
        expect(worstMs).toBeGreaterThanOrEqual(p95Ms);
      }
      expect(generating.picturesPerSecond).toBeGreaterThan(0);
      expect(Object.keys(measured.msPerPicture)).toEqual(['1', '5']);
      expect(Math.min(...Object.values(measured.msPerPicture))).toBeGreaterThan(0);
    });
  },
  { webgpu: false },
);

describe.skipIf(!findChromium())('measureFrames', () => {
  it(
    'measures frames in turns: pictures are made in those of generation alone, and a busy page shows in its own',
    async () => {
      const order: (string | null)[] = [];
      const { engine, reason, frameBudgetMs, phases } = await measureFrames({
        ...OPTIONS,
        onPhase: (activity) => order.push(activity),
      });
      const { idle, generating, busyFrames } = phases as Required<typeof phases>;
      expect(order).toEqual([null, ...OPTIONS.activities, ...OPTIONS.activities]);
      expect([engine, reason, frameBudgetMs]).toEqual(['WebGL', 'A worker paints on wasm.', 4]);
      expect([idle.numPictures, busyFrames.numPictures]).toEqual([0, 0]);
      expect(generating.numPictures).toBeGreaterThan(0);
      for (const { frameMs, work, durationMs } of [idle, generating, busyFrames]) {
        expect(durationMs).toBeGreaterThanOrEqual(OPTIONS.numRounds * OPTIONS.durationMs - 1); // timers round
        expect(Math.min(...frameMs)).toBeGreaterThan(0);
        expect(work.length).toBeGreaterThanOrEqual(frameMs.length);
        expect(work.every(({ computeMs, longestMs }) => longestMs >= 0 && longestMs <= computeMs)).toBe(true);
      }
      // No frame can be shorter than what its page computes in it, and nothing else takes as long.
      const shortest = (1 - ROUNDING) * BUSY_FRAME_MS;
      const earlierMs = (OPTIONS.numRounds * DISPLAY_FRAME_MS) / busyFrames.frameMs.length; // the last of each round
      expect(summarise(busyFrames.frameMs).mean).toBeGreaterThan(shortest - earlierMs);
      expect(medianWorkMs(busyFrames)).toBeGreaterThan(shortest);
      expect(medianWorkMs(busyFrames)).toBeLessThan(4 * BUSY_FRAME_MS); // on a busy machine it waits for a core, too
      expect(medianComputeMs(idle)).toBeLessThan(BUSY_FRAME_MS / 4);
    },
    LIMIT_MS,
  );

  it(
    'ends with the reason of its signal',
    async () => {
      const controller = new AbortController();
      const onPhase = (activity: string | null) => {
        if (activity === 'idle') setTimeout(() => controller.abort(new Error('on purpose')), 100);
      };
      await expect(measureFrames({ ...OPTIONS, signal: controller.signal, onPhase })).rejects.toThrow('on purpose');
    },
    LIMIT_MS,
  );
});
