import { describe, expect, it } from 'vitest';
import { tinyModelFolder } from '../../../runtime/testing/tinyModel.ts';
import { findChromium } from '../../../scripts/testing/chromium.ts';
import { type MeasureFramesOptions, measureFrames } from './measureFrames.ts';

const files = Object.entries(await tinyModelFolder()).map(([name, bytes]) => [`/tiny/${name}`, bytes]);
const OPTIONS: MeasureFramesOptions = {
  path: 'worker',
  model: 'tiny/',
  site: { files: Object.fromEntries(files) },
  sizePx: [320, 180],
  activities: ['idle', 'generating'],
  numRounds: 2,
  durationMs: 800,
};
const LIMIT_MS = 240_000;

describe.skipIf(!findChromium())('measureFrames', () => {
  it(
    'measures frames in turns, and pictures are made in those of generation alone',
    async () => {
      const order: (string | null)[] = [];
      const { engine, reason, frameBudgetMs, phases } = await measureFrames({
        ...OPTIONS,
        onPhase: (activity) => order.push(activity),
      });
      expect(order).toEqual([null, 'idle', 'generating', 'idle', 'generating']);
      expect([engine, reason, frameBudgetMs]).toEqual(['WebGL', 'A worker paints on wasm.', 4]);
      expect(phases.idle?.numPictures).toBe(0);
      expect(phases.generating?.numPictures).toBeGreaterThan(0);
      for (const { frameMs, work, durationMs } of [phases.idle!, phases.generating!]) {
        expect(durationMs).toBe(1600);
        expect(frameMs.length).toBeGreaterThan(0);
        expect(Math.min(...frameMs)).toBeGreaterThan(0);
        expect(work.length).toBeGreaterThanOrEqual(frameMs.length);
        expect(work.every(({ computeMs, longestMs }) => longestMs >= 0 && longestMs <= computeMs)).toBe(true);
      }
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
