// Reads a case from disk and runs it on the current backend; whatever is wrong with its files is told with their names.
import * as v from 'valibot';
import {
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
  type StoredTensor,
} from '../../runtime/index.ts';
import { diskSource } from '../node/diskSource.ts';
import { WEIGHTS_FILE } from '../node/readNetworks.ts';
import type { CasePlace } from './findCases.ts';

const PIPELINE_SCHEMA = v.object({
  num_inference_steps: v.number(),
  guidance_scale: v.number(),
  null_label: v.number(),
  timesteps: v.array(v.number()),
});

const SCHEDULER_SCHEMA = v.object({
  scheduler: v.string(),
  config: v.record(v.string(), v.unknown()),
  num_inference_steps: v.number(),
  timesteps: v.array(v.number()),
});

/** @throws ModelFileError naming the file or case that is damaged */
export async function runCase({ kind, name, folder }: CasePlace): Promise<Deviation> {
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
    const files = await loadModelFolder(source);
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
