// What counts as a failure: a wrong result, an error that helps nobody, too much time, too much memory.
import { MAX_MESSAGE_LENGTH } from '../../runtime/core/errors.ts';
import type { Attack, Ending, OpenAttack } from './attack.ts';
import { FlawError } from './attack.ts';
import type { CaseDice } from './caseDice.ts';

export interface Verdict {
  ending: Ending | 'failed';
  durationMs: number;
  /** Why it failed; empty otherwise. */
  flaw: string;
}

const MAX_GROWTH_BYTES = 2 ** 28;

/** Other processes may take the processor away; a case that has not computed for long is slow only after so many limits. */
const HANG = 5;

/** Errors of the engine: our own have other names, or an operation in front. */
const RAW = ['TypeError', 'ReferenceError', 'SyntaxError', 'URIError', 'EvalError', 'InternalError', 'AssertionError'];

/** Does one case, and judges it. Never rejects. */
export async function judge({ limitMs }: Attack, open: OpenAttack, dice: CaseDice): Promise<Verdict> {
  const before = {
    ms: performance.now(),
    cpu: process.cpuUsage(),
    bytes: process.memoryUsage.rss(),
    peak: peakBytes(),
  };
  const { ending, flaw } = await endingOf(open, dice);
  const durationMs = performance.now() - before.ms;
  const { user, system } = process.cpuUsage(before.cpu);
  const isSlow = durationMs > limitMs && (user + system > 1000 * limitMs || durationMs > HANG * limitMs);
  const peak = peakBytes();
  const grownBytes = peak > before.peak ? peak - before.bytes : 0;
  const flaws = [
    flaw,
    isSlow ? `took ${Math.round(durationMs)} ms; expected at most ${limitMs}` : '',
    grownBytes > MAX_GROWTH_BYTES ? `took ${Math.round(grownBytes / 2 ** 20)} MiB` : '',
  ].filter((text) => text !== '');
  return { ending: flaws.length > 0 ? 'failed' : ending, durationMs, flaw: flaws.join('; ') };
}

async function endingOf(open: OpenAttack, dice: CaseDice): Promise<{ ending: Ending; flaw: string }> {
  try {
    return { ending: await open.attempt(dice), flaw: '' };
  } catch (error) {
    return { ending: 'refused', flaw: error instanceof FlawError ? error.message : unfriendliness(error) };
  }
}

/** What is wrong with an error as an answer to a person; empty when it is friendly. */
export function unfriendliness(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${String(error).slice(0, 100)}, which is no error`;
  const { name, message } = error;
  const shown = `${name}: ${message.slice(0, 160)}`;
  if (RAW.includes(name)) return `threw a raw ${shown} ${error.stack?.split('\n').slice(1, 4).join(' ') ?? ''}`;
  if (!/^.{1,200}?: .+/s.test(message)) return `does not say where and what: ${shown}`;
  if (message.split('\n').some((line) => line.length > MAX_MESSAGE_LENGTH)) {
    return `has a line of more than ${MAX_MESSAGE_LENGTH} characters: ${shown}`;
  }
  return '';
}

function peakBytes(): number {
  return 1024 * process.resourceUsage().maxRSS;
}
