import { statSync } from 'node:fs';
import { basename } from 'node:path';
import { definedOf } from '../../runtime/core/definedOf.ts';
import type { BakeDescription } from '../bake/bakeFileSchema.ts';
import type { BakePlan } from '../bake/bakePlan.ts';
import { variedNames } from '../bake/combinations.ts';
import { planBake } from '../bake/planBake.ts';
import type { BakeSource } from '../bake/readBakeFile.ts';
import { runPlan } from '../bake/runBake.ts';
import { flawOfName } from '../node/flawOfName.ts';
import { interruptible } from '../node/interrupt.ts';
import { shippedModels } from '../node/openModel.ts';
import { counted, printable, startProgress } from '../node/terminal.ts';
import { UsageError } from '../node/usageError.ts';
import type { BakeCommandOptions, BakePictureOptions } from './bakeOptions.ts';

/** figment bake MODEL…: one model's pictures to the folder, those of several each to a folder of its own. */
export async function bakeModels(models: string[], options: BakeCommandOptions): Promise<void> {
  const { out, batch, jobs, backend, engine, ...pictures } = options;
  const file = models.find((name) => statSync(name, { throwIfNoEntry: false })?.isFile());
  if (file !== undefined)
    throw new UsageError(`bake: ${file} is a file, and no bake file, which ends in .json or .jsonc`);
  if (out === undefined) throw new UsageError('bake: name a folder to write to with --out');
  const named = [...new Set(models)];
  const all = named.length > 0 ? named : shippedModels();
  if (all.length === 0) {
    throw new UsageError('bake: no model is installed here; name one, or npm install babylon-figment-portraits');
  }
  const source = describe(all, named.length === 1, pictures);
  await interruptible(async (signal) => {
    const plan = await planBake(source, { out, signal });
    for (const note of plan.notes) console.log(printable(`bake: ${note}`));
    const progress = startProgress('bake');
    const onProgress = ({ numDone, numPictures }: { numDone: number; numPictures: number }) =>
      progress.update(numDone / numPictures, `${Math.floor(numDone)}/${numPictures} images`);
    const run = { batch, jobs, ...(backend ? { backend } : {}), engine, signal, onProgress };
    const result = await runPlan(plan, run, false).finally(() => progress.stop());
    console.log(`bake: ${result.backend!.name}: ${result.backend!.reason}`);
    const lines = samplings(plan);
    for (const line of lines.slice(0, -1)) console.log(`bake: ${line}`);
    console.log(`bake: ${lines.at(-1)}, ${perImage(result.durationMs, result.numBaked)}`);
    const sheets =
      result.numSheets === 0 ? '' : result.numSheets === 1 ? ' and a sheet' : `, ${result.numSheets} sheets`;
    console.log(`bake: ${counted(result.numBaked, 'image')}${sheets} in ${out}`);
  });
}

/** The bake file that the options stand for. */
function describe(models: string[], isOne: boolean, options: BakePictureOptions): BakeSource {
  const { interpolateSeed, interpolateAmount, sheet, animated, ...others } = options;
  if ((interpolateSeed === undefined) !== (interpolateAmount === undefined)) {
    throw new UsageError('bake: --interpolate-seed and --interpolate-amount go together');
  }
  const shared = {
    ...definedOf(asEntries(others)),
    ...(interpolateSeed === undefined ? {} : { interpolate: { seed: interpolateSeed, amount: interpolateAmount! } }),
  };
  const names = new Set([...variedNames(options.with), ...(options.vary ?? [])]);
  const varied = [...names].map((name) => `-{${name}}`);
  const assets = models.map((model) => {
    const folder = isOne ? '' : `${folderOf(model)}/`;
    return {
      ...shared,
      name: model,
      model,
      output: `${folder}{label}-{seed}${varied.join('')}`,
      ...(sheet ? { sheet: `${folder}sheet` } : {}),
      ...(animated ? { formats: ['png', 'apng'] } : {}),
    };
  });
  return {
    description: { figment: 1, assets } as BakeDescription,
    folder: process.cwd(),
    takesAnyImage: true,
    name: 'figment.bake.json',
    fail: ([problem]) => {
      const { path, message } = problem!;
      const model = !isOne && typeof path[1] === 'number' ? `${models[path[1]]}: ` : '';
      throw new UsageError(path.at(-1) === 'model' ? message : `bake: ${model}${optionOf(path[2])}${message}`);
    },
  };
}

/** Where one of several models bakes to: as its folder is called, for two trainings of one model have one name, or else by that. */
function folderOf(model: string): string {
  const name = basename(model);
  return flawOfName(name) || /[{}]/.test(name) ? '{model}' : name;
}

/** Options by the names that their entries have in a bake file, where some are longer. */
function asEntries({
  label: labels,
  with: attributes,
  seed: firstSeed,
  guidance: guidanceScale,
  steps: numInferenceSteps,
  width: widthPx,
  height: heightPx,
  ...sameNames
}: BakePictureOptions): Record<string, unknown> {
  return { ...sameNames, labels, attributes, firstSeed, guidanceScale, numInferenceSteps, widthPx, heightPx };
}

/** Options whose entries in a bake file have other names. */
const OPTIONS: Readonly<Record<string, string>> = {
  labels: '--label',
  attributes: '--with',
  firstSeed: '--seed',
  guidanceScale: '--guidance',
  numInferenceSteps: '--steps',
  widthPx: '--width',
  heightPx: '--height',
  formats: '--animated',
};

/** The option that an entry stands for, to begin a message with, where one does. */
function optionOf(entry: unknown): string {
  if (typeof entry !== 'string' || entry === 'output') return '';
  const option = OPTIONS[entry] ?? `--${entry.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return `${option}: `;
}

function samplings({ pictures }: BakePlan): string[] {
  const lines = pictures.map(({ look: { recipe } }) => {
    const { pipeline, strength, sampler, numInferenceSteps, guidanceScale } = recipe;
    if (pipeline === 'cvae') return 'cvae, one pass';
    const begin = pipeline ? `cvae+ddpm from strength ${strength}, ` : '';
    return `${begin}${sampler}, ${numInferenceSteps} steps, guidance ${guidanceScale}`;
  });
  return [...new Set(lines)];
}

function perImage(durationMs: number, numImages: number): string {
  return `${(durationMs / numImages).toFixed(durationMs < 10_000 ? 1 : 0)} ms an image`;
}
