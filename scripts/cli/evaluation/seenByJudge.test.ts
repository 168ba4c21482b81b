import { expect, it } from 'vitest';
import { tinyMaterials } from '../../../runtime/testing/tinyDataset.ts';
import { seenByJudge } from './seenByJudge.ts';

it.each([
  [128, 128, 64, 64],
  [128, 256, 32, 64],
  [64, 64, 64, 64],
  [90, 90, 45, 45],
  [75, 75, 75, 75],
])('of %i×%i pixels sees %i×%i', (widthPx, heightPx, ...expected) => {
  const seen = seenByJudge(tinyMaterials({ perClass: 1, widthPx, heightPx }));
  expect([seen.widthPx, seen.heightPx, seen.channels]).toEqual([...expected, 6]);
});
