// npm run campaign: attacks Figment with damaged and hostile input and with accidents, and ends with a table of cases and
// failures; exit code 1 if there was any.
//   -- --seed 7 --minutes 10 --only "model folders,PNG files" --case 123
import { Command, InvalidArgumentError, Option } from 'commander';
import { realNumber, wholeNumber } from '../cli/optionParsers.ts';
import { startProgress } from '../node/terminal.ts';
import { ALL_ATTACKS } from './allAttacks.ts';
import type { Attack } from './attack.ts';
import { CaseDice } from './caseDice.ts';
import { judge, type Verdict } from './judge.ts';

export interface AttackReport {
  name: string;
  numCorrect: number;
  numRefused: number;
  failures: { index: number; flaw: string }[];
  slowestMs: number;
  /** Why there are no cases; empty otherwise. */
  skipped: string;
}

export interface CampaignOptions {
  seed: number;
  /** Whether another case of this attack is wanted; `spentMs` is the time that its cases took. */
  wantsMore(attack: Attack, numCases: number, spentMs: number): boolean;
  /** Begins with this case of each attack; default 0. */
  firstCase?: number;
  onCase?(attack: Attack, index: number, verdict: Verdict): void;
}

/** Throws the cases of one attack after the other; the same seed gives the same cases. */
export async function runCampaign(attacks: readonly Attack[], options: CampaignOptions): Promise<AttackReport[]> {
  const reports: AttackReport[] = [];
  for (const attack of attacks) reports.push(await runAttack(attack, options));
  return reports;
}

async function runAttack(
  attack: Attack,
  { seed, wantsMore, firstCase = 0, onCase }: CampaignOptions,
): Promise<AttackReport> {
  const { name } = attack;
  const report: AttackReport = { name, numCorrect: 0, numRefused: 0, failures: [], slowestMs: 0, skipped: '' };
  const open = await attack.open();
  if (!open) return { ...report, skipped: 'this machine lacks what it needs' };
  try {
    let spentMs = 0;
    for (let index = firstCase; wantsMore(attack, index - firstCase, spentMs); index++) {
      const verdict = await judge(attack, open, new CaseDice(seed, streamOf(name, index)));
      spentMs += verdict.durationMs;
      report.slowestMs = Math.max(report.slowestMs, verdict.durationMs);
      if (verdict.ending === 'correct') report.numCorrect++;
      else if (verdict.ending === 'refused') report.numRefused++;
      else report.failures.push({ index, flaw: verdict.flaw });
      onCase?.(attack, index, verdict);
    }
  } finally {
    await open.close();
  }
  return report;
}

/** Each attack has streams of its own, so that one more of them changes no other's cases. */
function streamOf(name: string, index: number): number {
  let hash = 2166136261; // FNV-1a
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619);
  return (hash + index) >>> 0;
}

const HEADER = ['attack', 'cases', 'correct', 'refused', 'failed', 'slowest'];

/** A line for each attack, and one for all. */
export function formatReports(reports: readonly AttackReport[]): string {
  const row = (name: string, correct: number, refused: number, failed: number, slowestMs: number) =>
    [name, correct + refused + failed, correct, refused, failed, `${Math.round(slowestMs)} ms`].map(String);
  const sum = (count: (report: AttackReport) => number) => reports.reduce((total, report) => total + count(report), 0);
  const rows = [
    HEADER,
    ...reports.map(({ name, numCorrect, numRefused, failures, slowestMs, skipped }) =>
      row(skipped === '' ? name : `${name} (${skipped})`, numCorrect, numRefused, failures.length, slowestMs),
    ),
    row(
      'all',
      sum(({ numCorrect }) => numCorrect),
      sum(({ numRefused }) => numRefused),
      sum(({ failures }) => failures.length),
      Math.max(0, ...reports.map(({ slowestMs }) => slowestMs)),
    ),
  ];
  const widths = HEADER.map((_, column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  const lines = rows.map((cells) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
  return lines.join('\n');
}

/** Cases are many and short: the line that tells of them need not follow each. */
const UPDATE_MS = 500;

interface CampaignCommandOptions {
  seed: number;
  minutes: number;
  only?: Attack[];
  case?: number;
}

/** The work of `npm run campaign`. */
async function campaign({ seed, minutes, only = [...ALL_ATTACKS], case: one }: CampaignCommandOptions): Promise<void> {
  const totalMs = 60_000 * minutes;
  const totalWeight = only.reduce((sum, { weight }) => sum + weight, 0);
  const progress = startProgress('campaign');
  const spent = new Map<string, number>();
  let numCases = 0;
  let shown = 0;
  const failures: string[] = [];
  const reports = await runCampaign(only, {
    seed,
    firstCase: one ?? 0,
    wantsMore: ({ name, weight }, numDone, spentMs) => {
      spent.set(name, Math.min(spentMs, (totalMs * weight) / totalWeight));
      return one === undefined ? spentMs < (totalMs * weight) / totalWeight : numDone === 0;
    },
    onCase: ({ name }, index, { ending, flaw }) => {
      if (ending === 'failed') failures.push(`${name} --case ${index}: ${flaw}`);
      numCases++;
      if (performance.now() - shown < UPDATE_MS) return;
      shown = performance.now();
      const share = [...spent.values()].reduce((sum, ms) => sum + ms, 0) / totalMs;
      progress.update(share, `${name} | case ${numCases} | ${failures.length} failed`);
    },
  }).finally(() => progress.stop());
  console.log([...failures, '', formatReports(reports)].join('\n'));
  process.exit(failures.length > 0 ? 1 : 0); // attacked workers may still hold the process
}

/** Parser of a list of attacks by name. */
function attacksOf(text: string): Attack[] {
  const names = text.split(',').map((name) => name.trim());
  const known = ALL_ATTACKS.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`there is no attack "${unknown}"; there are ${known.join(', ')}.`);
  }
  return ALL_ATTACKS.filter(({ name }) => names.includes(name));
}

if (process.argv[1] === import.meta.filename) {
  await new Command('campaign')
    .description('attack Figment with damaged and hostile input and with accidents; ends with 1 if any case failed')
    .option('--seed <n>', 'the same seed makes the same cases', wholeNumber(0), 1)
    .option('--minutes <x>', 'how long the cases may take in all', realNumber(0), 10)
    .addOption(new Option('--only <names>', 'these attacks alone, separated by commas').argParser(attacksOf))
    .option('--case <n>', 'this case alone, of each attack', wholeNumber(0))
    .action(campaign)
    .parseAsync();
}
