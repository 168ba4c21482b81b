// npm run bench:steps: what a distilled model's pictures cost and how good they are, by student and by teacher, in few steps
// and in many.
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { albedoOf, type DiffusionModel, generate, type SampleOptions } from '../../runtime/index.ts';
import { type JudgeContext, type Judged, judgeSampling } from '../cli/evaluation/judgeGenerated.ts';
import { type EvaluateFlags, withEvaluated, withJudge } from '../cli/evaluation/runEvaluation.ts';
import { realNumber, wholeNumber } from '../cli/optionParsers.ts';
import { UsageError } from '../node/usageError.ts';

type Flags = Omit<EvaluateFlags, 'guidance' | 'steps' | 'sampler' | 'out'> & {
  teacherSteps: number[];
  guidance: number;
  runs: number;
  json?: string;
};

/** One line of the table. */
export interface StepsRow {
  network: 'student' | 'teacher';
  numInferenceSteps: number;
  /** Passes of the network for one picture. */
  numEvaluations: number;
  /** Of one picture alone, decode included: the median. */
  ms: number;
  accuracy: number;
  frechetDistanceToHeldOut: number;
  spreadRelativeToReal: number;
  /** Mean difference from the teacher's pictures of the same seeds in its usual number of steps, of 255. */
  differenceFromTeacher: number;
}

/** Pictures to make and judge. */
interface Way {
  network: StepsRow['network'];
  /** That network, alone. */
  networks: Judged;
  sampling: SampleOptions & { numInferenceSteps: number; guidanceScale: number };
}

/** The teacher's usual way comes first: the others are compared with its pictures. */
function waysOf({ model, teacher }: Judged, { teacherSteps, guidance: guidanceScale }: Flags): Way[] {
  const { student, name } = model.index.figment;
  if (!student || !teacher) {
    throw new UsageError(`bench:steps: ${name} has no student and teacher; make them by figment distil`);
  }
  const sampler = student.teacher.sampler as SampleOptions['sampler'];
  const ofTeacher = [...new Set([student.teacher.numInferenceSteps, ...teacherSteps])];
  const alone = (network: DiffusionModel): Judged => ({ model: network, teacher: null, cvae: null });
  return [
    ...ofTeacher.map((numInferenceSteps): Way => {
      return { network: 'teacher', networks: alone(teacher), sampling: { sampler, numInferenceSteps, guidanceScale } };
    }),
    ...student.stepCounts.map((numInferenceSteps): Way => {
      return { network: 'student', networks: alone(model), sampling: { numInferenceSteps, guidanceScale } };
    }),
  ];
}

async function rowOf({ network, networks, sampling }: Way, context: JudgeContext, numRuns: number) {
  const { numInferenceSteps, guidanceScale } = sampling;
  const label = networks.model.index.labels[0]!;
  const title = `${network}, ${numInferenceSteps} steps`;
  const { pictures, metrics } = await judgeSampling(networks, context, sampling, title);
  const ms = await medianMs(numRuns, (seed) => generate(networks, [{ label, seed }], sampling));
  const { accuracy, frechetDistanceToHeldOut, spreadRelativeToReal } = metrics;
  const numPasses = network === 'teacher' && guidanceScale !== 1 ? 2 : 1;
  const numEvaluations = numPasses * numInferenceSteps;
  const judged = { accuracy, frechetDistanceToHeldOut, spreadRelativeToReal };
  return { pictures, row: { network, numInferenceSteps, numEvaluations, ms, ...judged } };
}

/** The median time of so many runs after one that does not count. */
async function medianMs(numRuns: number, work: (run: number) => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let run = 0; run <= numRuns; run++) {
    const started = performance.now();
    await work(run);
    if (run > 0) times.push(performance.now() - started);
  }
  return times.sort((a, b) => a - b)[Math.floor(numRuns / 2)]!;
}

function meanDifference(pictures: readonly Uint8Array[], others: readonly Uint8Array[]): number {
  const sums = pictures.map((picture, i) =>
    picture.reduce((sum, value, j) => sum + Math.abs(value - others[i]![j]!), 0),
  );
  return sums.reduce((a, b) => a + b, 0) / (pictures.length * pictures[0]!.length);
}

function table(rows: readonly StepsRow[]): string {
  const cells = rows.map((row) => [
    row.network,
    String(row.numInferenceSteps),
    String(row.numEvaluations),
    row.ms.toFixed(0),
    row.accuracy.toFixed(3),
    row.frechetDistanceToHeldOut.toFixed(2),
    row.spreadRelativeToReal.toFixed(2),
    row.differenceFromTeacher.toFixed(1),
  ]);
  const head = ['by', 'steps', 'passes', 'ms', 'accuracy', 'Fréchet', 'spread', 'from the teacher, of 255'];
  return [head, head.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

async function run(name: string, flags: Flags): Promise<void> {
  await withEvaluated('bench:steps', name, flags, async ({ networks, dataset, split, backend }) => {
    const ways = waysOf(networks, flags);
    const seen = albedoOf(dataset);
    await withJudge('bench:steps', seen, split, backend, flags, async ({ classifier, real, perClass }) => {
      const recipe = { imagesPerClass: flags.imagesPerClass, firstSeed: flags.seed };
      const context = { dataset: seen, split, classifier, real, perClass, recipe };
      const rows: StepsRow[] = [];
      let usual: Uint8Array[] | null = null;
      for (const way of ways) {
        const { pictures, row } = await rowOf(way, context, flags.runs);
        usual ??= pictures;
        rows.push({ ...row, differenceFromTeacher: meanDifference(pictures, usual) });
      }
      console.log(`\n${table(rows)}`);
      const { name: model } = networks.model.index.figment;
      const byName = Object.fromEntries(rows.map((row) => [`${row.network}/${row.numInferenceSteps}`, row]));
      const measured = { model, sha256: networks.model.hash, backend, guidanceScale: flags.guidance, rows: byName };
      if (flags.json) await writeFile(flags.json, `${JSON.stringify(measured, null, 2)}\n`);
    });
  });
}

const counts = (text: string) => {
  const all = text.split(',').map(Number);
  if (all.every((count) => Number.isInteger(count) && count >= 1 && count <= 1000)) return all;
  throw new InvalidArgumentError('expected whole numbers from 1 to 1000, separated by commas.');
};

await new Command('bench:steps')
  .description('time and quality of a distilled model’s pictures, by student and by teacher')
  .argument('<model>', 'a model that figment distil made: a shipped one, a folder or an address')
  .requiredOption('--data <dir>', 'the data set that the model was trained on')
  .option('--teacher-steps <list>', 'steps of the teacher besides its usual ones', counts, [8, 4])
  .option('--guidance <w>', 'guidance scale', realNumber(1, 5), 2)
  .option('--images-per-class <n>', 'pictures of each label', wholeNumber(2, 10_000), 20)
  .option('--runs <n>', 'pictures that are timed', wholeNumber(1, 1000), 9)
  .option('--classifier <file>', 'where the judge is kept')
  .option('--classifier-steps <n>', 'steps that a new judge is trained', wholeNumber(1))
  .option('--seed <n>', 'seed of the first picture of each label', wholeNumber(0), 1)
  .option('--held-out <share>', 'share of each class kept away from training', realNumber(0, 0.9), 0.05)
  .option('--split-seed <n>', 'seed of that split', wholeNumber(0), 1)
  .option('--workers <n>', 'threads that train the judge', wholeNumber(1, 64), 2)
  .option('--backend <name>', 'compute on this backend')
  .option('--json <file>', 'write what was measured to this file, too')
  .action(run)
  .parseAsync();
