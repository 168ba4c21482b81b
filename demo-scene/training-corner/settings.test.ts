import { expect, it } from 'vitest';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { diffusionOptionsOf, shareOf, vaeOptionsOf } from './settings.ts';

it('tells how much of a budget is used', () => {
  expect(shareOf({ unit: 'minutes', amount: 2 }, { step: 9, elapsedMs: 30_000 })).toBe(0.25);
  expect(shareOf({ unit: 'steps', amount: 12 }, { step: 9, elapsedMs: 30_000 })).toBe(0.75);
  expect(shareOf({ unit: 'steps', amount: 4 }, { step: 9, elapsedMs: 0 })).toBe(1);
});

it('limits each phase by its own budget', () => {
  const settings = { vae: { unit: 'minutes', amount: 2 }, ddpm: { unit: 'steps', amount: 50 } } as const;
  expect(vaeOptionsOf(settings, tinyDataset())).toMatchObject({ numMinutes: 2, numSteps: null });
  expect(diffusionOptionsOf(settings)).toMatchObject({ numMinutes: null, numSteps: 50 });
});

it('takes fewer of large pictures at once', () => {
  const settings = { vae: { unit: 'steps', amount: 1 }, ddpm: { unit: 'steps', amount: 1 } } as const;
  const atOnce = (sizePx: number) =>
    vaeOptionsOf(settings, tinyDataset({ perClass: 1, widthPx: sizePx, heightPx: sizePx })).microBatchSize;
  expect([16, 32, 64].map(atOnce)).toEqual([32, 8, 2]);
});
