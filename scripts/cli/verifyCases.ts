import { type Dirent, existsSync, statSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import * as v from 'valibot';
import { WEIGHTS_FILE } from '../../runtime/core/fileNames.ts';
import {
  type BackendName,
  type Deviation,
  loadModelFolder,
  ModelFileError,
  type ModelSource,
  type NetworkFolder,
  parseConfig,
  parseSafetensors,
  quote,
  runPipelineCase,
  runSchedulerCase,
  runUNetCase,
  runVaeCase,
  SAMPLER_NAMES,
  type StoredTensor,
} from '../../runtime/index.ts';
import { diskSource } from '../node/diskSource.ts';
import { InterruptError, interruptible, letEventsIn } from '../node/interrupt.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { coloursFor, printable } from '../node/terminal.ts';
import { UsageError } from '../node/usageError.ts';

/** Allowed error as a share of the output's largest magnitude. */
const TOLERANCE = 2e-4;

export interface VerifyCommandOptions {
  backend?: BackendName;
}

/**
 * figment verify: reads recorded cases from disk and runs them on the current backend.
 *
 * @throws Error when a case differs by more than the tolerance
 */
export async function verifyCases(paths: string[], options: VerifyCommandOptions): Promise<void> {
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
  const width = Math.max(...cases.map(({ name }) => printable(name).length), 'case'.length);
  const { bold } = coloursFor(process.stdout);
  console.log(bold(row(width, 'case', 'absolute', 'relative', 'result')));
  let numFailed = 0;
  for (const [numDone, place] of cases.entries()) {
    await letEventsIn();
    if (signal.aborted) {
      throw InterruptError.after(signal.reason, `verify: interrupted after ${numDone} of ${cases.length} cases`);
    }
    const deviation = await runCase(place);
    if (!isOk(deviation)) numFailed++;
    console.log(resultRow(width, printable(place.name), deviation));
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

/** Place of a computation that diffusers has recorded. */
interface CasePlace {
  kind: 'network' | 'pipeline' | 'scheduler';
  name: string; // folder or file, without its ending
  folder: string;
}

const TENSORS = 'case.safetensors';

/**
 * All cases at or below a path, in the order of their names.
 *
 * @throws UsageError when there is none
 */
async function findCases(path: string): Promise<CasePlace[]> {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError(`verify: ${path} does not exist; name a folder or a scheduler's .json`);
  const cases = stats.isDirectory() ? await casesBelow(path) : schedulerCase(path);
  if (cases.length > 0) return cases;
  throw new UsageError(`verify: ${path} holds no case; expected ${TENSORS} or a scheduler's .json and .safetensors`);
}

async function casesBelow(folder: string): Promise<CasePlace[]> {
  if (existsSync(join(folder, TENSORS))) {
    const kind = existsSync(join(folder, 'case.json')) ? 'pipeline' : 'network';
    return [{ kind, name: basename(folder), folder }];
  }
  const entries = (await readdir(folder, { withFileTypes: true })).sort(byName);
  const found: CasePlace[] = [];
  for (const entry of entries) {
    const path = join(folder, entry.name);
    found.push(...(entry.isDirectory() ? await casesBelow(path) : schedulerCase(path)));
  }
  return found;
}

function byName(a: Dirent, b: Dirent): number {
  return a.name < b.name ? -1 : 1;
}

/** A .json file with tensors beside it. */
function schedulerCase(path: string): CasePlace[] {
  if (!path.endsWith('.json') || !existsSync(path.replace(/json$/, 'safetensors'))) return [];
  return [{ kind: 'scheduler', name: basename(path, '.json'), folder: dirname(path) }];
}

const PIPELINE_SCHEMA = v.object({
  num_inference_steps: v.number(),
  guidance_scale: v.number(),
  null_label: v.nullable(v.number()),
  timesteps: v.array(v.number()),
  sampler: v.optional(v.picklist(SAMPLER_NAMES)),
  timestep_spacing: v.optional(v.picklist(['leading', 'linspace', 'trailing'])),
});

const SCHEDULER_SCHEMA = v.object({
  scheduler: v.string(),
  config: v.record(v.string(), v.unknown()),
  num_inference_steps: v.number(),
  timesteps: v.array(v.number()),
});

/** @throws ModelFileError naming the file or case that is damaged */
async function runCase({ kind, name, folder }: CasePlace): Promise<Deviation> {
  const source = diskSource(folder);
  try {
    return await RUNNERS[kind](source, name);
  } catch (error) {
    if (error instanceof ModelFileError) throw error;
    throw new ModelFileError('verify', name, error instanceof Error ? error.message : String(error));
  }
}

const RUNNERS: Record<CasePlace['kind'], (source: ModelSource, name: string) => Promise<Deviation>> = {
  async scheduler(source, name) {
    const schedulerCase = await readJson(source, `${name}.json`, SCHEDULER_SCHEMA);
    return runSchedulerCase(schedulerCase, await readTensors(source, `${name}.safetensors`));
  },

  async pipeline(source) {
    const pipelineCase = await readJson(source, 'case.json', PIPELINE_SCHEMA);
    const files = await loadModelFolder(source, { acceptChanged: true });
    return runPipelineCase(files, pipelineCase, await readTensors(source, 'case.safetensors'));
  },

  async network(source, name) {
    const config = await readJson(source, 'config.json', v.looseObject({ _class_name: v.string() }));
    const run = NETWORKS.get(config._class_name);
    if (!run) {
      const expected = [...NETWORKS.keys()].join(' or ');
      const problem = `"_class_name" is ${quote(config._class_name)}; expected ${expected}`;
      throw new ModelFileError('verify', `${source.name}/config.json`, problem);
    }
    const weights = await readTensors(source, WEIGHTS_FILE);
    return run({ name, config, weights }, await readTensors(source, 'case.safetensors'));
  },
};

const NETWORKS = new Map<string, (folder: NetworkFolder, tensors: Map<string, StoredTensor>) => Promise<Deviation>>([
  ['UNet2DModel', runUNetCase],
  ['AutoencoderKL', runVaeCase],
]);

async function readTensors(source: ModelSource, path: string): Promise<Map<string, StoredTensor>> {
  return parseSafetensors(await source.read(path), `${source.name}/${path}`).tensors;
}

async function readJson<S extends v.GenericSchema>(
  source: ModelSource,
  path: string,
  schema: S,
): Promise<v.InferOutput<S>> {
  const fileName = `${source.name}/${path}`;
  const result = v.safeParse(schema, parseConfig(await source.read(path), fileName));
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw new ModelFileError('verify', fileName, `entry ${quote(v.getDotPath(issue))}: ${issue.message}`);
}
