// npm run bench:steps: what a distilled model's pictures cost and how good they are, by student and by teacher, in few steps
// and in many.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import {
  type BackendName,
  createTeacher,
  generate,
  loadModelFolder,
  type SampleOptions,
  type SamplerName,
} from '../../runtime/index.ts';
import { readDataOfModel } from '../cli/dataOfModel.ts';
import { endWithError } from '../cli/endWithError.ts';
import { type EvaluateCommandOptions, evaluate } from '../cli/evaluation/runEvaluation.ts';
import { extraDataOption, realNumber, wholeNumber } from '../cli/optionParsers.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { buildModel, modelSource } from '../node/openModel.ts';
import { orUsageError, UsageError } from '../node/usageError.ts';
import { median } from './medianMs.ts';

type BenchStepsCommandOptions = Omit<
  EvaluateCommandOptions,
  'guidance' | 'steps' | 'sampler' | 'out' | 'vary' | 'identities' | 'copies' | 'seams' | 'heightSteps' | 'sweepSeeds'
> & {
  teacherSteps: number[];
  guidance: number;
  runs: number;
  backend?: BackendName;
  json?: string;
};

/** How pictures are made. */
interface Way {
  network: 'student' | 'teacher';
  sampler: SamplerName;
  numInferenceSteps: number;
}

/** One line of the table. */
interface StepsRow extends Way {
  /** Passes of the network for one picture. */
  numPasses: number;
  /** The median time of a picture that is made alone, decoding included. */
  ms: number;
  /** Mean difference from the teacher's pictures of the same seeds in its usual number of steps, of 255. */
  differenceFromTeacher: number;
  accuracy: number;
  frechetDistanceToHeldOut: number;
  spreadRelativeToReal: number;
}

type Painted = Omit<StepsRow, 'accuracy' | 'frechetDistanceToHeldOut' | 'spreadRelativeToReal'>;

/** Makes pictures one by one in every way: how long each takes, and how far it is from the teacher's usual one. */
async function paintInAllWays(
  name: string,
  command: BenchStepsCommandOptions,
): Promise<{ model: string; painted: Painted[] }> {
  const { teacherSteps, guidance, runs, backend } = command;
  const files = await loadModelFolder(modelSource(name), { acceptChanged: true });
  const { student, name: title } = files.index.figment;
  if (!student) throw new UsageError(`bench:steps: ${title} has no student; make one by figment distil`);
  await readDataOfModel('bench:steps', files, { ...command, seed: command.splitSeed }); // what is wrong with it shows at once
  const teacherFiles = await loadModelFolder(modelSource(name), { parts: ['teacher'], acceptChanged: true });
  const { release } = await openNodeBackend(backend);
  const model = buildModel(files);
  const teacher = orUsageError(() => createTeacher(model, teacherFiles));
  const usual = student.teacher;
  const ways: Way[] = [
    { network: 'teacher', sampler: usual.sampler, numInferenceSteps: usual.numInferenceSteps },
    ...teacherSteps.map((numInferenceSteps): Way => ({ network: 'teacher', sampler: 'dpm++', numInferenceSteps })),
    ...student.stepCounts.map((numInferenceSteps): Way => ({ network: 'student', sampler: 'ddim', numInferenceSteps })),
  ];
  const painters = ways.map(({ network, sampler, numInferenceSteps }) => {
    const options: SampleOptions = { sampler, numInferenceSteps, guidanceScale: guidance };
    return painterOf(network === 'teacher' ? teacher : model, options);
  });
  // In turns, so that what slows the machine for a while slows all ways alike.
  for (let seed = 0; seed <= runs; seed++) for (const painter of painters) await painter.paint(seed);
  const expected = painters[0]!.pictures;
  const painted = ways.map((way, i): Painted => {
    const { pictures, times } = painters[i]!;
    return {
      ...way,
      numPasses: way.numInferenceSteps * (way.network === 'teacher' && guidance !== 1 ? 2 : 1),
      ms: median(times.slice(1)), // the first picture compiles
      differenceFromTeacher: meanDifference(pictures, expected),
    };
  });
  teacher.dispose();
  model.dispose();
  release();
  return { model: title, painted };
}

/** Makes one picture a seed in one way. */
function painterOf(network: ReturnType<typeof buildModel>, options: SampleOptions) {
  const { labels } = network.index;
  const pictures: Uint8Array[] = [];
  const times: number[] = [];
  return {
    pictures,
    times,
    async paint(seed: number): Promise<void> {
      const started = performance.now();
      const [picture] = await generate(network, [{ label: labels[seed % labels.length]!, seed }], options);
      times.push(performance.now() - started);
      pictures.push(picture!);
    },
  };
}

function meanDifference(pictures: readonly Uint8Array[], others: readonly Uint8Array[]): number {
  const sumOf = (picture: Uint8Array, i: number) =>
    picture.reduce((sum, value, j) => sum + Math.abs(value - others[i]![j]!), 0);
  return pictures.map(sumOf).reduce((a, b) => a + b, 0) / (pictures.length * pictures[0]!.length);
}

/** Has `figment evaluate` judge each way, by one judge. */
async function judged(
  name: string,
  command: BenchStepsCommandOptions,
  painted: readonly Painted[],
): Promise<StepsRow[]> {
  const { guidance, teacherSteps: _t, runs: _r, json: _j, ...asked } = command;
  const out = await mkdtemp(join(tmpdir(), 'figment-steps-'));
  const rows: StepsRow[] = [];
  try {
    for (const row of painted) {
      const { sampler, numInferenceSteps: steps } = row;
      await evaluate(name, {
        ...asked,
        out,
        guidance: [guidance],
        steps,
        sampler,
        identities: 0,
        copies: false,
        seams: false,
        heightSteps: 0,
        sweepSeeds: 0,
      });
      const { byGuidance } = JSON.parse(await readFile(join(out, 'metrics.json'), 'utf8'));
      const { accuracy, frechetDistanceToHeldOut, spreadRelativeToReal } = byGuidance[guidance];
      rows.push({ ...row, accuracy, frechetDistanceToHeldOut, spreadRelativeToReal });
    }
  } finally {
    await rm(out, { recursive: true });
  }
  return rows;
}

function table(rows: readonly StepsRow[]): string {
  const cells = rows.map((row) => [
    row.network,
    `${row.numInferenceSteps} of ${row.sampler}`,
    String(row.numPasses),
    row.ms.toFixed(0),
    row.accuracy.toFixed(3),
    row.frechetDistanceToHeldOut.toFixed(2),
    row.spreadRelativeToReal.toFixed(2),
    row.differenceFromTeacher.toFixed(1),
  ]);
  const head = ['by', 'steps', 'passes', 'ms', 'accuracy', 'Fréchet', 'spread', 'from the teacher, of 255'];
  return [head, head.map(() => '---'), ...cells].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

async function run(name: string, command: BenchStepsCommandOptions): Promise<void> {
  const { model, painted } = await paintInAllWays(name, command);
  const rows = await judged(name, command, painted);
  console.log(`\n${table(rows)}`);
  if (!command.json) return;
  const byWay = Object.fromEntries(rows.map((row) => [`${row.network}-${row.numInferenceSteps}`, row]));
  await writeFile(
    command.json,
    `${JSON.stringify({ model, guidanceScale: command.guidance, rows: byWay }, null, 2)}\n`,
  );
}

const stepCounts = (text: string) => {
  const counts = text.split(',').map(Number);
  if (counts.every((count) => Number.isInteger(count) && count >= 1 && count <= 1000)) return counts;
  throw new InvalidArgumentError('expected whole numbers from 1 to 1000, separated by commas.');
};

await new Command('bench:steps')
  .description("time and quality of a distilled model's pictures, by student and by teacher")
  .argument('<model>', 'a model that figment distil made: a shipped one, a folder or an address')
  .requiredOption('--data <dir>', 'the data set that the model was trained on')
  .addOption(extraDataOption('more that it was trained on'))
  .option('--test-data <dir>', 'other pictures to compare with, as of figment evaluate')
  .option('--teacher-steps <list>', 'steps of the teacher besides its usual ones', stepCounts, [8, 4])
  .option('--guidance <w>', 'guidance scale', realNumber(1, 5), 2)
  .option('--runs <n>', 'pictures that are timed, and compared with those of the teacher', wholeNumber(1, 1000), 26)
  .option('--images-per-class <n>', 'pictures of each label to judge', wholeNumber(2, 10_000), 20)
  .option('--classifier <file>', 'where the judge is kept')
  .option('--classifier-steps <n>', 'steps that a new judge is trained', wholeNumber(1))
  .option('--seed <n>', 'seed of the first picture of each label', wholeNumber(0), 1)
  .option('--held-out <share>', 'share of each class kept away from training', realNumber(0, 0.9), 0.05)
  .option('--hold-out-by <list>', 'the attributes that the training held out by', (text) => text.split(','))
  .option('--split-seed <n>', 'seed of that split: the --seed of the training', wholeNumber(0), 0)
  .option('--workers <n>', 'threads that train the judge', wholeNumber(1, 64), 2)
  .addOption(new Option('--backend <name>', 'compute on this backend').choices(['webgpu', 'wasm', 'cpu']))
  .option('--json <file>', 'write what was measured to this file, too')
  .action(run)
  .exitOverride()
  .parseAsync()
  .catch(endWithError);
