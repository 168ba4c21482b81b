import { describe, expect, it } from 'vitest';
import { frameTable, verdict } from './frameTable.ts';
import type { FrameMeasurement, Phases } from './measureFrames.ts';

const phases = (frameMs: number, computeMs: number, numPictures = 0): Phases => ({
  durationMs: 4000,
  numPictures,
  frameMs: [frameMs, 2 * frameMs],
  work: [{ durationMs: 3 * computeMs, computeMs, longestMs: computeMs / 2 }],
});

const measurement = (generatingMs: number): FrameMeasurement => ({
  engine: 'WebGL',
  reason: 'A worker paints.',
  frameBudgetMs: 4,
  phases: { idle: phases(10, 0.1), generating: phases(generatingMs, 0.4, 6), busyWorker: phases(15, 0.2) },
});

describe('frameTable', () => {
  it('compares each activity with idle', () => {
    const lines = frameTable(measurement(12)).split('\n');
    expect(lines[0]).toBe('| ms | idle | generating | × idle | a worker that only computes | × idle |');
    expect(lines).toContain('| frame, mean | 15.0 | 18.0 | 1.20 | 22.5 | 1.50 |');
    expect(lines).toContain('| frame, median | 10.0 | 12.0 | 1.20 | 15.0 | 1.50 |');
    expect(lines).toContain('| frame, p95 | 20.0 | 24.0 | 1.20 | 30.0 | 1.50 |');
    expect(lines).toContain('| … p95 (budget: 4) | 0.10 | 0.40 |  | 0.20 |  |');
    expect(lines).toContain('| … worst single slice | 0.05 | 0.20 |  | 0.10 |  |');
    expect(lines).toContain('| … with waits for a core, p95 | 0.30 | 1.20 |  | 0.60 |  |');
  });

  it('has no column for what was not measured', () => {
    const { busyWorker: _, ...both } = measurement(12).phases;
    expect(frameTable({ ...measurement(12), phases: both }).split('\n')[0]).toBe('| ms | idle | generating | × idle |');
  });
});

describe('verdict', () => {
  it('tells on which side of the target the ratio is', () => {
    expect(verdict(measurement(13))).toBe(
      'p95: 1.30 times idle, within the target of 1.3 (2 and 2 frames, 1.50 pictures a second).',
    );
    expect(verdict(measurement(14))).toContain('1.40 times idle, above the target');
  });
});
