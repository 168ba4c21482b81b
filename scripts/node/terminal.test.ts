import { expect, it, vi } from 'vitest';
import { startProgress } from './terminal.ts';

/** What a job prints that is at these shares a minute later each. */
function printed(start: number, ...shares: number[]): string {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  let now = Date.now();
  vi.spyOn(Date, 'now').mockImplementation(() => now);
  const progress = startProgress('train', start);
  for (const share of shares) {
    now += 60_000;
    progress.update(share, `at ${share}`);
  }
  progress.stop();
  const text = write.mock.calls.map(([line]) => String(line)).join('');
  vi.restoreAllMocks();
  return text.trimEnd().split('\n').at(-1)!;
}

it('tells the time that is left by what this run has done, not by what was done before', () => {
  expect(printed(0, 0.1, 0.2)).toMatch(/ 20% \| at 0\.2 \| ETA 8m0s/);
  expect(printed(0.5, 0.51, 0.52)).toMatch(/ 52% \| at 0\.52 \| ETA 48m0s/);
  expect(printed(0.5, 0.5001, 0.5002)).toMatch(/ETA 83h20m/);
});

it('tells no sixty seconds or minutes beside those that are whole', () => {
  expect(printed(0, 0.14354, 0.28708)).toMatch(/ETA 5m0s/); // 298 s
  expect(printed(0, 0.008208, 0.016416)).toMatch(/ETA 2h0m/); // 7190 s
});

it('tells no time before it is known', () => {
  expect(printed(0.5)).toMatch(/ 50% \| {2}\| ETA –/);
});

it('leaves the cursor alone, which a command that is ended could not bring back', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const { isTTY } = process.stderr;
  process.stderr.isTTY = true;
  startProgress('train').stop();
  process.stderr.isTTY = isTTY;
  const text = write.mock.calls.map(([line]) => String(line)).join('');
  vi.restoreAllMocks();
  expect(text).toContain('train');
  expect(text).not.toContain('\x1B[?25l');
});
