import { enableProdMode } from '@tensorflow/tfjs-core';
import { INDEX_FILE } from '../../runtime/core/fileNames.ts';
import {
  type AutoencoderKlConfig,
  animationsOf,
  attributesOfLabel,
  channelNames,
  createModel,
  type DiffusionModel,
  type Frame,
  isRange,
  loadModelFolder,
  MATERIAL_CHANNELS,
  MissingFileError,
  type ModelFiles,
  type ModelIndex,
  type ModelSource,
  messageOf,
  modelNotes,
  numElements,
  type PalettePrior,
  parseAutoencoderKlConfig,
  parseConfig,
  pipelinesOf,
  pixelsPerLatent,
  quote,
  type StudentFacts,
  selectBackend,
  type WeightTensor,
} from '../../runtime/index.ts';
import { modelSource } from '../node/openModel.ts';
import { coloursFor, printable } from '../node/terminal.ts';
import { downloadFact } from './downloadFact.ts';

type Weights = ReadonlyMap<string, WeightTensor>;

/** A fact on a line, after its name. */
type Line = [name: string, fact: string];

/**
 * figment inspect: prints what a folder is, and what of it runs.
 *
 * @throws Error (exit code 1) with the reason when nothing of it runs
 */
export async function inspectModel(name: string): Promise<void> {
  const source = modelSource(name);
  print(await listedParts(source));
  try {
    const files = await loadModelFolder(source, { acceptChanged: true });
    print([...(await modelFacts(files)), ['download', await downloadFact(source, files.index)]]);
    for (const note of modelNotes(files)) console.log(printable(`note: ${note}`));
    console.log(`runs: yes; figment bake ${name} --out DIR makes pictures`);
  } catch (error) {
    const vae = error instanceof MissingFileError ? await vaeAlone(source) : null;
    if (!vae) throw new Error(`inspect: ${source.name} does not run: ${messageOf(error)}`, { cause: error });
    print([['vae', vae]]);
    const reason = printable(messageOf(error));
    console.log(`runs: not by itself (${reason}); figment train ddpm --vae ${name} trains a model on it`);
  }
}

/** What the index lists, whether it runs here or not. */
async function listedParts(source: ModelSource): Promise<Line[]> {
  const bytes = await orMissing(source.read(INDEX_FILE));
  if (!bytes) return [['pipeline', `none: there is no ${INDEX_FILE}`]];
  const { _class_name: className, ...entries } = parseConfig(bytes, `${source.name}/${INDEX_FILE}`);
  const parts = Object.entries(entries).flatMap(([name, entry]) => {
    const isPart = name !== 'labels' && Array.isArray(entry) && entry.length === 2 && typeof entry[1] === 'string';
    return isPart ? `${name} (${quote(entry[1])})` : [];
  });
  return [['pipeline', `${quote(className)} of ${parts.join(', ') || 'parts that it does not list'}`]];
}

/** @throws Error when the parts do not fit together, naming file and option */
async function modelFacts(files: ModelFiles): Promise<Line[]> {
  enableProdMode();
  await selectBackend({ backend: 'cpu' });
  const model = createModel(files);
  try {
    return [...pictureFacts(model), ...networkFacts(model, files), ...conditionFacts(files.index)];
  } finally {
    model.dispose();
  }
}

function pictureFacts({ index, vae }: DiffusionModel): Line[] {
  const { widthPx, heightPx, channels, premultipliedAlpha, circularPadding, kind, licence, frames } = index.figment;
  const { palette, probe, grain, regions } = index.figment;
  const alpha = `RGBA, ${premultipliedAlpha ? 'premultiplied' : 'straight'} alpha`;
  const values = {
    3: 'RGB',
    4: alpha,
    [MATERIAL_CHANNELS]: `RGB with maps: ${channelNames(MATERIAL_CHANNELS).slice(3).join(', ')}`,
  };
  const size = circularPadding
    ? `multiples of ${widthPx}×${heightPx} pixels that repeat`
    : `${widthPx}×${heightPx} pixels`;
  return [
    ['kind', `${kind}; a diffusion model of ${vae ? 'latents' : 'pixels'}; licence: ${licence}`],
    ['pictures', `${size}, ${values[channels]}`],
    ...(frames ? [['frames', framesFact(frames, widthPx / frames.length, heightPx)] satisfies Line] : []),
    ...(palette ? [['palette', paletteFact(palette)] satisfies Line] : []),
    ...(probe ? [['probe', `of ${probe.bias.length} words`] satisfies Line] : []),
    ...(grain ? [['grain', `by textons of ${grain.side}×${grain.side} pixels`] satisfies Line] : []),
    ...(regions ? [['regions', `of ${shortList(Object.keys(regions))}`] satisfies Line] : []),
  ];
}

function framesFact(frames: readonly Frame[], widthPx: number, heightPx: number): string {
  const animations = animationsOf(frames).map(({ name, from, to }) =>
    to > from ? `${name} (${to - from + 1})` : name,
  );
  return `${frames.length} of ${widthPx}×${heightPx} in a row: ${shortList(animations)}`;
}

function networkFacts({ unet, vae, conditioning, scheduler, latentShape }: DiffusionModel, files: ModelFiles): Line[] {
  const { predictionType, betaSchedule, trainedBetas, numTrainTimesteps, timestepSpacing } = scheduler;
  const schedule = trainedBetas ? 'betas of its own' : betaSchedule;
  const places = unet.config.position_embedding ? ' whose places it knows' : '';
  return [
    ['unet', `${sizeOf(files.unet, unet.config)}, on ${latentShape.join('×')}${places}`],
    ['vae', vae ? vaeFact(files.vae, vae.config) : 'none: the U-Net makes pixels'],
    ...(conditioning ? [['conditioning', millions(files.conditioning ?? new Map())] satisfies Line] : []),
    ['schedule', `${schedule}, ${numTrainTimesteps} timesteps, predicts ${predictionType}, ${timestepSpacing} spacing`],
  ];
}

function vaeFact(weights: Weights, config: AutoencoderKlConfig): string {
  return `${sizeOf(weights, config)}, ${pixelsPerLatent(config)} pixels to a latent`;
}

/** How many weights a network has, and its channels by level. */
function sizeOf(weights: Weights, config: { readonly block_out_channels: readonly number[] }): string {
  return `${millions(weights)}, ${config.block_out_channels.join(', ')} channels`;
}

function studentFact({ stepCounts, guidanceScale, teacher }: StudentFacts): string {
  const others = `others by its teacher: ${teacher.sampler}, ${teacher.numInferenceSteps} steps`;
  return `${stepCounts.join(', ')} steps of one pass, guidance ${guidanceScale.join(' to ')}; ${others}`;
}

function conditionFacts(index: ModelIndex): Line[] {
  const { labels, figment } = index;
  const { attributes = {}, nullLabel, sampleDefaults, student } = figment;
  const { sampler, numInferenceSteps } = sampleDefaults;
  const names = Object.keys(attributes);
  return [
    ['labels', `${labels.length}: ${listOf(labels, MAX_WORDS)}`],
    ...(names.length > 0 ? [['attributes', `${names.length}: ${shortList(names)}`] satisfies Line] : []),
    ...names.map((name): Line => [`- ${name.slice(0, MAX_LENGTH)}`, valuesFact(index, name)]),
    ['guidance', nullLabel === null ? 'none: there is no null label' : guidanceFact(figment)],
    ['defaults', `${sampler}, ${numInferenceSteps} steps`],
    ...(student ? [['student', studentFact(student)] satisfies Line] : []),
    ['pipelines', pipelinesOf(index).join(', ')],
  ];
}

/** A student has learned to guide itself where its teacher is guided. */
function guidanceFact({ sampleDefaults, student }: ModelIndex['figment']): string {
  const interval = (student?.teacher ?? sampleDefaults).guidanceInterval;
  return `${sampleDefaults.guidanceScale}${interval ? ` at timesteps ${interval.join(' to ')}` : ''} unless told otherwise`;
}

/** What an attribute can be, for whoever writes a recipe: with each label, where its words are labels' own. */
function valuesFact({ labels, figment }: ModelIndex, name: string): string {
  const values = figment.attributes![name]!;
  if (isRange(values)) return `a number from ${values.min} to ${values.max}`;
  const ofLabels = labels.map((label) => attributesOfLabel({ ...figment, labels }, label)[name] as readonly string[]);
  if (ofLabels.every(({ length }) => length === values.length)) return listOf(values, MAX_WORDS);
  return labels.map((label, i) => `${label}: ${listOf(ofLabels[i]!, MAX_WORDS)}`).join('; ');
}

/** What stands in vae/, where a training has just begun. */
async function vaeAlone(source: ModelSource): Promise<string | null> {
  try {
    const { vae, vaeConfig } = await loadModelFolder(source, { parts: ['vae'], acceptChanged: true });
    return vae.size > 0 ? vaeFact(vae, parseAutoencoderKlConfig(vaeConfig, `${source.name}/vae`)) : null;
  } catch {
    return null;
  }
}

async function orMissing<T>(reading: Promise<T>): Promise<T | null> {
  return reading.catch((error) => {
    if (error instanceof MissingFileError) return null;
    throw error;
  });
}

function millions(weights: Weights): string {
  const count = [...weights.values()].reduce((sum, { shape }) => sum + numElements(shape), 0);
  return count < 1e5 ? `${count} weights` : `${(count / 1e6).toFixed(1)} million weights`;
}

const MAX_LISTED = 8;
const MAX_WORDS = 100;
const MAX_LENGTH = 40;

const shortList = (names: readonly string[]) => listOf(names, MAX_LISTED);

function listOf(names: readonly string[], maxListed: number): string {
  const more = names.length > maxListed ? ', …' : '';
  return `${names
    .slice(0, maxListed)
    .map((name) => name.slice(0, MAX_LENGTH))
    .join(', ')}${more}`;
}

function print(lines: readonly Line[]): void {
  const { bold } = coloursFor(process.stdout);
  for (const [name, fact] of lines) console.log(`${bold(name.padEnd(12))} ${printable(fact)}`);
}

function paletteFact({ colours, places }: PalettePrior): string {
  return `${colours.length / 3} colours, by label and attributes${places ? ' and by place' : ''}`;
}
