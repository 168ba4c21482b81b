import type { Deviation } from '../../runtime/index.ts';
import { coloursFor } from '../node/colours.ts';
import { interruptible, letEventsIn } from '../node/interrupt.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { type CasePlace, findCases } from './findCases.ts';
import { runCase } from './runCase.ts';
import type { VerifyOptions } from './verify.ts';

/** Allowed error as a share of the output's largest magnitude. */
const TOLERANCE = 2e-4;

/**
 * figment verify
 *
 * @throws Error when a case differs by more than the tolerance
 */
export async function verifyCases(paths: string[], options: VerifyOptions): Promise<void> {
  const found = await Promise.all(paths.map(findCases));
  const cases = found.flat();
  const backend = await openNodeBackend(options.backend);
  try {
    console.log(`verify: ${backend.backend}: ${backend.reason}`);
    const numFailed = await interruptible((signal) => runAll(cases, signal));
    if (numFailed > 0) {
      throw new Error(`verify: ${numFailed} of ${cases.length} cases differ by more than ${TOLERANCE} of their output`);
    }
    console.log(`verify: all ${cases.length} agree within ${TOLERANCE} of their output`);
  } finally {
    backend.release();
  }
}

/** Prints a table; returns the number of cases that differ. */
async function runAll(cases: CasePlace[], signal: AbortSignal): Promise<number> {
  const width = Math.max(...cases.map(({ name }) => name.length), 'case'.length);
  const { bold } = coloursFor(process.stdout);
  console.log(bold(row(width, 'case', 'absolute', 'relative', 'result')));
  let numFailed = 0;
  for (const place of cases) {
    await letEventsIn();
    signal.throwIfAborted();
    const deviation = await runCase(place);
    if (!isOk(deviation)) numFailed++;
    console.log(resultRow(width, place.name, deviation));
  }
  return numFailed;
}

function isOk({ maxRel }: Deviation): boolean {
  return maxRel <= TOLERANCE;
}

function resultRow(width: number, name: string, deviation: Deviation): string {
  const { green, red } = coloursFor(process.stdout);
  const result = isOk(deviation) ? green('ok') : red('FAIL');
  return row(width, name, deviation.maxAbs.toExponential(1), deviation.maxRel.toExponential(1), result);
}

function row(width: number, name: string, absolute: string, relative: string, result: string): string {
  return `${name.padEnd(width)}  ${absolute.padStart(8)}  ${relative.padStart(8)}  ${result}`;
}
