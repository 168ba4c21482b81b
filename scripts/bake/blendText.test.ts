import { expect, it } from 'vitest';
import { blendFromText } from './blendText.ts';

it('reads a label and its share', () => {
  expect(blendFromText('grass=0.4')).toEqual({ label: 'grass', amount: 0.4 });
  expect(blendFromText(' stone wall = 1 ')).toEqual({ label: 'stone wall', amount: 1 });
});

it('reads long texts at once', () => {
  const before = process.cpuUsage();
  expect(blendFromText(' '.repeat(1e5))).toBeUndefined();
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(1000); // ms
});

it.each(['', 'grass', 'grass=', '=0.4', 'grass=much', 'grass=-1', 'a=b=0.4'])('refuses "%s"', (text) => {
  expect(blendFromText(text)).toBeUndefined();
});
