import type { Activity } from './framePage.ts';
import { summarise } from './frameTimes.ts';
import type { FrameWork } from './mainThread.ts';
import type { FrameMeasurement, Phases } from './measureFrames.ts';

/** A frame may take so many times as long while pictures are made as it does otherwise, at the 95th percentile. */
const TARGET_RATIO = 1.3;

const HEADINGS: Record<Activity, string> = {
  idle: 'idle',
  generating: 'generating',
  busyWorker: 'a worker that only computes',
  busyFrames: 'a page that computes in every frame',
};

interface Row {
  name: string;
  of: (phase: Phases) => number;
  digits: number;
  /** Set beside its value at idle. */
  isCompared?: boolean;
}

const frames = ({ frameMs }: Phases) => summarise(frameMs);
const work = ({ work }: Phases, quantity: keyof FrameWork) => summarise(work.map((frame) => frame[quantity]));

function rows(frameBudgetMs: number): Row[] {
  return [
    { name: 'frame, mean', of: (phase) => frames(phase).mean, digits: 1, isCompared: true },
    { name: 'frame, median', of: (phase) => frames(phase).median, digits: 1, isCompared: true },
    { name: 'frame, p95', of: (phase) => frames(phase).p95, digits: 1, isCompared: true },
    { name: 'frame, worst', of: (phase) => frames(phase).worst, digits: 1, isCompared: true },
    {
      name: 'main thread besides drawing: in a frame, median',
      of: (phase) => work(phase, 'computeMs').median,
      digits: 2,
    },
    { name: `… p95 (budget: ${frameBudgetMs})`, of: (phase) => work(phase, 'computeMs').p95, digits: 2 },
    { name: '… worst', of: (phase) => work(phase, 'computeMs').worst, digits: 2 },
    { name: '… worst single slice', of: (phase) => work(phase, 'longestMs').worst, digits: 2 },
    { name: '… with waits for a core, p95', of: (phase) => work(phase, 'durationMs').p95, digits: 2 },
  ];
}

/** A Markdown table in milliseconds: a row a quantity, a column an activity, and how often idle's value it is. */
export function frameTable({ frameBudgetMs, phases }: FrameMeasurement): string {
  const { idle, ...others } = phases as Record<Activity, Phases>;
  const columns = Object.entries(others) as [Activity, Phases][];
  const body = rows(frameBudgetMs).map(({ name, of, digits, isCompared }) => [
    name,
    of(idle).toFixed(digits),
    ...columns.flatMap(([, phase]) => [of(phase).toFixed(digits), isCompared ? (of(phase) / of(idle)).toFixed(2) : '']),
  ]);
  const head = ['ms', HEADINGS.idle, ...columns.flatMap(([activity]) => [HEADINGS[activity], '× idle'])];
  const lines = [head, head.map(() => '---'), ...body];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** How often idle's p95 the p95 of generation is, against the target, and how many frames and pictures tell so. */
export function verdict({ phases }: FrameMeasurement): string {
  const { idle, generating } = phases as Record<Activity, Phases>;
  const ratio = frames(generating).p95 / frames(idle).p95;
  const isWithin = ratio <= TARGET_RATIO ? 'within' : 'above';
  const speed = (1000 * generating.numPictures) / generating.durationMs;
  const counts = `${idle.frameMs.length} and ${generating.frameMs.length} frames, ${speed.toFixed(2)} pictures a second`;
  return `p95: ${ratio.toFixed(2)} times idle, ${isWithin} the target of ${TARGET_RATIO} (${counts}).`;
}
