// Makes pictures that differ in one attribute alone, and judges how it is heeded: numbers are swept, words are varied.
import {
  albedoOf,
  classifyImages,
  type Dataset,
  datasetOfPictures,
  numFramesOf,
  type PictureOptions,
  singleFrames,
} from '../../../runtime/index.ts';
import { withProgress } from '../../node/terminal.ts';
import { afterAutoencoder } from './afterAutoencoder.ts';
import { type Context, everyImage, makersAt, type RealSets, type RealSweeps } from './context.ts';
import type { Judge } from './judge.ts';
import { generateSet } from './makePictures.ts';
import { seenByJudge } from './seenByJudge.ts';
import { type MonotonyMetrics, monotonyOf, planSweeps, type SweptValues } from './sweeps.ts';
import { hiddenAttributes, planVariedSets, type VariationMetrics, variationOf, variedWords } from './variedSets.ts';

/** How well numbers are heeded; undefined where there are none to ask for. */
export async function judgeMonotony(context: Context, guidanceScale: number): Promise<MonotonyMetrics | undefined> {
  const { whole, recipe, numSweepSeeds: numSeeds, swept } = context;
  const sweeps = planSweeps(whole, { firstSeed: recipe.firstSeed, numSeeds });
  if (sweeps.length === 0) return undefined;
  const requests = sweeps.flatMap((sweep) => sweep.requests);
  const pictures = await readRequests(context, requests, { guidanceScale, title: 'sweep' });
  let next = 0;
  const read = sweeps.map(({ values }) => values.map(() => pictures[next++]!));
  return {
    guidanceScale,
    seedsPerClass: numSeeds,
    attributes: monotonyRead(context, sweeps, read),
    ...(swept && { real: await judgeRealSweeps(context, swept) }),
  };
}

/** How well the classifier reads real pictures that differ in one number alone, and these after the auto-encoder. */
async function judgeRealSweeps(
  context: Context,
  { dataset, sweeps }: RealSweeps,
): Promise<NonNullable<MonotonyMetrics['real']>> {
  const { model, classifier } = context;
  const of = async (shown: Dataset) => {
    const pictures = await readPictures(seenByJudge(shown), classifier);
    return monotonyRead(
      context,
      sweeps,
      sweeps.map(({ images }) => images.map((image) => pictures[image]!)),
    );
  };
  const { remade } = await afterAutoencoder(model, dataset, Int32Array.from(dataset.classLabels.keys()));
  return { numSweeps: sweeps.length, attributes: await of(dataset), afterAutoencoder: await of(remade) };
}

/** @param read of each sweep, of each of its pictures, the attributes that the classifier reads in each of its frames */
function monotonyRead({ classifier }: Context, sweeps: readonly SweptValues[], read: readonly Float32Array[][][]) {
  const names = Object.keys(classifier.config.attributes);
  const meanOver = (frames: readonly Float32Array[], place: number) =>
    frames.reduce((sum, values) => sum + values[place]!, 0) / frames.length;
  return monotonyOf(
    sweeps,
    sweeps.map(({ attribute }, i) => read[i]!.map((frames) => meanOver(frames, names.indexOf(attribute)))),
  );
}

/** How well one attribute is changed alone; undefined where none was named. Of frames the first one counts. */
export async function judgeVariation(context: Context, guidanceScale: number): Promise<VariationMetrics | undefined> {
  const { whole, splitOfWhole, recipe, vary, varied, classifier } = context;
  if (!vary) return undefined;
  const sets = planVariedSets(whole, splitOfWhole, { ...vary, firstSeed: recipe.firstSeed });
  const requests = sets.flatMap((set) => set.requests);
  const pictures = await readRequests(context, requests, { guidanceScale, title: `vary ${vary.attribute}` });
  const ofPictures = pictures.map(([first]) => first!);
  let next = 0;
  const read = sets.map((set) => set.requests.map(() => ofPictures[next++]!));
  const { attribute } = vary;
  const of = { names: Object.keys(classifier.config.attributes), attribute, words: variedWords(whole, attribute) };
  const real = varied && (await judgeRealVariation(varied, classifier, of));
  return { guidanceScale, ...vary, ...variationOf(sets, read, of, real?.hidden), ...(real && { real }) };
}

/** How well the classifier reads real pictures that vary, and what these do not show. */
async function judgeRealVariation(
  { dataset, sets }: RealSets,
  classifier: Judge,
  of: Parameters<typeof variationOf>[2],
): Promise<NonNullable<VariationMetrics['real']>> {
  const pictures = await readPictures(seenByJudge(dataset), classifier);
  const read = sets.map(({ images }) => images.map((image) => pictures[image]![0]!));
  const hidden = hiddenAttributes(sets, read, of);
  return { numIdentities: sets.length, hidden, ...variationOf(sets, read, of, hidden) };
}

/** Makes pictures, and gives of each the attributes that the classifier reads in each of its frames. */
async function readRequests(
  context: Context,
  requests: readonly PictureOptions[],
  { guidanceScale, title }: { guidanceScale: number; title: string },
): Promise<Float32Array[][]> {
  const { whole, classifier } = context;
  const { ddpm } = makersAt(context, guidanceScale);
  const pictures = await withProgress(title, (onProgress) => generateSet(ddpm, requests, onProgress));
  const classLabels = Int32Array.from(requests, ({ label }) => whole.labels.indexOf(label));
  return readPictures(seenByJudge(datasetOfPictures(pictures, classLabels, whole)), classifier);
}

/** Gives of each picture the attributes that the classifier reads in each of its frames. */
async function readPictures(seen: Dataset, { config, weights }: Judge): Promise<Float32Array[][]> {
  const { attributes } = await classifyImages(config, weights, everyImage(albedoOf(singleFrames(seen))));
  const numAttributes = Object.keys(config.attributes).length;
  const numFrames = numFramesOf(seen);
  const valuesAt = (row: number) => attributes.subarray(row * numAttributes, (row + 1) * numAttributes);
  return Array.from(seen.classLabels, (_, picture) =>
    Array.from({ length: numFrames }, (_, frame) => valuesAt(picture * numFrames + frame)),
  );
}
