import type { SamplerName } from '../../../runtime/index.ts';
import type { FrameMetrics } from './frames.ts';
import type { MaterialMetrics } from './materialMetrics.ts';
import type { CopyMetrics, GuidanceMetrics, PipelineMetrics, SeamMetrics } from './measure.ts';
import type { MonotonyMetrics } from './sweeps.ts';
import type { VariationMetrics, VariationShares } from './variedSets.ts';

/** The content of metrics.json. */
export interface Metrics {
  units: Record<string, string>;
  model: { name: string; sha256: string };
  data: {
    name: string;
    numTrainImages: number;
    numHeldOutImages: number;
    heldOutShare: number;
    splitSeed: number;
    /** The folder of the pictures that stand for those held out; absent: those held out do. */
    testData?: string;
  };
  recipe: {
    sampler: SamplerName;
    numInferenceSteps: number;
    guidanceScales: number[];
    /** Only where one was asked for. */
    guidanceInterval?: [tMin: number, tMax: number];
    imagesPerClass: number;
    firstSeed: number;
    lastSeed: number;
    backend: string;
  };
  classifier: {
    numTrainSteps: number;
    heldOutAccuracy: number;
    heldOutAccuracyPerClass: Record<string, number>;
    heldOutAccuracyPerAttribute?: Record<string, number>;
  };
  /** Only for models with frames: of held-out images, each of so many frames. */
  heldOutFrames?: FrameMetrics & { numFrames: number };
  /** How the auto-encoder gives held-out images back, and what the classifier reads then, in colours of the model's palette. */
  vae: {
    heldOutL1: number;
    accuracy: number;
    accuracyPerClass: Record<string, number>;
    accuracyPerAttribute?: Record<string, number>;
  };
  frechet: { imagesPerClass: number; trainToHeldOut: number };
  byGuidance: Record<string, GuidanceMetrics>;
  /** Only where it was searched for. */
  nearestTrainingImage?: { guidanceScale: number; relative: number; perClass: Record<string, CopyMetrics> };
  /** Only for models whose pictures tile. */
  seam?: SeamMetrics;
  /** Only for models of materials. */
  materials?: MaterialMetrics;
  /** Only for models with numeric attributes that differ among the images of a class. */
  monotony?: MonotonyMetrics;
  /** Only where an attribute to vary was named. */
  variation?: VariationMetrics;
  /** Only for models with a conditional VAE; at the guidance that they are used with. */
  pipelines?: Record<string, PipelineMetrics>;
  generation: { imagesPerSecond: Record<string, number> };
}

/** What the numbers of metrics.json mean. */
export const METRIC_UNITS = {
  accuracy: 'share of images of a label that the classifier takes for it, 0 to 1; the mean over labels',
  accuracyPerAttribute:
    'share of images of which the classifier reads the value that was asked for, the mean over labels; of a number the rank correlation, -1 to 1',
  frechet:
    'squared Frechet distance between classifier features, equally many images on both sides; generated images are asked for the words of held-out ones, training images have others',
  spread:
    'mean feature distance between two images of a class that show different subjects, divided by that of held-out images',
  l1: 'mean absolute difference of premultiplied values, range -1 to 1',
  nearestTrainingImage:
    'l1 to the nearest training image of the class, mirrored ones included; 0: the data hold it twice',
  seam: 'mean absolute difference of pixels across the edges where a picture repeats, divided by that inside',
  moved:
    'the same divided by that at the same places of the same pictures where these lie inside: their noise is moved by half',
  heightFromAlbedo:
    'mean absolute difference, 0 to 1, of heights to those that a network guesses from the pictures, which has learnt it from real ones',
  monotony:
    'mean rank correlation, -1 to 1, of a number that is asked for and what the classifier reads, all else alike; of the range that the class has; real: of real pictures, as they are and after the auto-encoder',
  variation:
    'sets of pictures that differ in one attribute alone; recognised: share read as the word asked for; kept: share in which another attribute is read as in the first picture of the set; hidden: by word, attributes that fewer than half of real pictures keep; keptWhereShown: the same without those',
  msPerImage:
    'milliseconds, in batches of 26 on the backend of the recipe; strength: share of the noise that cvae+ddpm begins with',
  agreement:
    'share of frames that the classifier reads as most frames of their subject, and of subjects of which it reads all alike',
  agreementWhereShown:
    'the same of the subjects in which the attribute shows: in at least half of the frames of the real one with the same words the classifier reads it right; share: of all subjects',
  colourDrift: 'mean change of the mean colours of four bands from a frame to the next, in 1/255',
  relative: 'distance of generated images divided by that of held-out images after the auto-encoder',
};

const SIGNIFICANT_DIGITS = 5;

/** Metrics as JSON, with fractions to five digits. */
export function formatMetrics(metrics: Metrics): string {
  const round = (_: string, value: unknown) =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(SIGNIFICANT_DIGITS)) : value;
  return `${JSON.stringify(metrics, round, 2)}\n`;
}

/** A few lines for the terminal: a table, and a line for each measure besides. */
export function formatSummary(metrics: Metrics): string {
  const { vae, nearestTrainingImage, seam, materials, monotony, variation, pipelines = {} } = metrics;
  return [
    ...[...setRows(metrics), ...attributeRows(metrics), ...framesRows(metrics)].map(formatRow),
    `VAE L1 ${vae.heldOutL1.toFixed(4)} on held-out images`,
    ...(nearestTrainingImage ? [formatNearest(nearestTrainingImage)] : []),
    ...(seam ? [formatSeam(seam)] : []),
    ...(materials ? formatMaterials(materials) : []),
    ...(monotony ? formatMonotony(monotony) : []),
    ...(variation ? formatVariation(variation) : []),
    ...Object.entries(pipelines).map(formatPipeline),
    ...formatWeak(metrics),
  ].join('\n');
}

const formatMonotony = ({ attributes, real }: MonotonyMetrics) =>
  Object.entries(attributes).map(([name, { mean }]) => {
    const [drawn, remade] = [real?.attributes[name], real?.afterAutoencoder[name]];
    const beside =
      drawn && remade
        ? `; of real pictures ${drawn.mean.toFixed(3)}, ${remade.mean.toFixed(3)} after the auto-encoder`
        : '';
    return `rank correlation of ${name} asked and read: ${mean.toFixed(3)}${beside}`;
  });

const formatNearest = ({ guidanceScale, relative }: NonNullable<Metrics['nearestTrainingImage']>) =>
  `nearest training image at guidance ${guidanceScale}: ${relative.toFixed(2)} times as far as from held-out ones`;

const formatSeam = ({ guidanceScale, generated, heldOut }: SeamMetrics) =>
  `seam at guidance ${guidanceScale}: ${generated.toFixed(2)} (held-out ${heldOut.toFixed(2)})`;

const formatRow = ([name, ...cells]: string[]) =>
  `${name!.padEnd(14)}${cells.map((cell) => cell.padStart(12)).join('')}`;

/** A row for each set of images, generated or not. */
function setRows({ classifier, vae, frechet, byGuidance }: Metrics): string[][] {
  return [
    ['', 'accuracy', 'Fréchet', 'spread'],
    ['held-out', classifier.heldOutAccuracy.toFixed(3), '0', '1'],
    ['after the VAE', vae.accuracy.toFixed(3), '', ''],
    ['train', '', frechet.trainToHeldOut.toFixed(3), ''],
    ...Object.entries(byGuidance).map(([scale, { accuracy, frechetDistanceToHeldOut, spreadRelativeToReal }]) => [
      `guidance ${scale}`,
      accuracy.toFixed(3),
      frechetDistanceToHeldOut.toFixed(3),
      spreadRelativeToReal.toFixed(2),
    ]),
  ];
}

/** A row for each attribute, with how well it is read in each set of images; that of the pipeline ddpm is there by its guidance. */
function attributeRows({ classifier, vae, byGuidance, pipelines = {} }: Metrics): string[][] {
  const { heldOutAccuracyPerAttribute: real = {} } = classifier;
  const { ddpm: _ddpm, ...others } = pipelines;
  const judged = [vae, ...Object.values(byGuidance), ...Object.values(others)];
  const rows = Object.entries(real).map(([name, share]) => [
    name,
    share.toFixed(3),
    ...judged.map(({ accuracyPerAttribute: read }) => read?.[name]?.toFixed(3) ?? ''), // none where a number is always read alike
  ]);
  if (rows.length === 0) return [];
  return [['attributes', 'held-out', 'after VAE', ...guidanceTitles(byGuidance), ...Object.keys(others)], ...rows];
}

/** A row for each attribute with the share of frames that agree in it, and one for the colour drift. */
function framesRows({ heldOutFrames, byGuidance }: Metrics): string[][] {
  if (!heldOutFrames) return [];
  const all = [heldOutFrames, ...Object.values(byGuidance).map(({ frames }) => frames!)];
  return [
    ['frames agree', 'held-out', ...guidanceTitles(byGuidance)],
    ...Object.keys(heldOutFrames.agreement).map((name) => [
      name,
      ...all.map(({ agreement }) => agreement[name]!.frames.toFixed(3)),
    ]),
    ['frames agree where it shows', 'held-out', ...guidanceTitles(byGuidance)],
    ...Object.keys(heldOutFrames.agreementWhereShown).map((name) => [
      name,
      ...all.map(({ agreementWhereShown }) => agreementWhereShown[name]?.frames.toFixed(3) ?? ''),
    ]),
    ['colour drift', ...all.map(({ colourDrift }) => colourDrift.toFixed(2))],
  ];
}

const guidanceTitles = (byGuidance: Metrics['byGuidance']) =>
  Object.keys(byGuidance).map((scale) => `guidance ${scale}`);

function formatMaterials({ seams, heightFromAlbedo: { heldOut, generated, relative } }: MaterialMetrics): string[] {
  const lines = seams.map(({ channel, tiles, moved, generated, heldOut }) =>
    [
      `seam of ${channel}, ${tiles} tiles: ${moved.toFixed(3)} of the same places inside`,
      `, ${generated.toFixed(2)} of all places${heldOut ? ` (held-out ${heldOut.toFixed(2)})` : ''}`,
    ].join(''),
  );
  const height = `height from albedo errs by ${generated.toFixed(4)}, of held-out ones by ${heldOut.toFixed(4)}: ${relative.toFixed(2)} times`;
  return [...lines, height];
}

function formatVariation({ attribute, numIdentities, real, ...shares }: VariationMetrics): string[] {
  return [
    ...formatShares(`${attribute} varied of ${numIdentities}`, shares),
    ...(real ? formatShares(`of ${real.numIdentities} real ones`, real) : []),
  ];
}

function formatShares(title: string, shares: VariationShares): string[] {
  const list = (of: Record<string, number>) =>
    Object.entries(of)
      .map(([name, share]) => `${name} ${share.toFixed(2)}`)
      .join(', ');
  return [
    `${title}: recognised ${shares.recognised.toFixed(3)} (${list(shares.recognisedPerWord)})`,
    `all else is read as before in ${shares.kept.toFixed(3)} (${list(shares.keptPerAttribute)})`,
    ...(shares.keptWhereShown === undefined
      ? []
      : [
          `without what real pictures hide: ${shares.keptWhereShown.toFixed(3)} (${list(shares.keptPerAttributeWhereShown!)})`,
        ]),
  ];
}

function formatPipeline([name, metrics]: [string, PipelineMetrics]): string {
  const { msPerImage, accuracy, frechetDistanceToHeldOut, spreadRelativeToReal } = metrics;
  return `${name.padEnd(14)}${msPerImage.toFixed(1)} ms an image, accuracy ${accuracy.toFixed(3)}, Fréchet ${frechetDistanceToHeldOut.toFixed(3)}, spread ${spreadRelativeToReal.toFixed(2)}`;
}

/** The classes that are badly recognised, at each guidance scale where there are some. */
function formatWeak({ classifier, vae, byGuidance }: Metrics): string[] {
  return Object.entries(byGuidance).flatMap(([scale, { weakClasses, accuracyPerClass }]) => {
    const labels = weakClasses.map((label) => {
      const accuracies = [accuracyPerClass, classifier.heldOutAccuracyPerClass, vae.accuracyPerClass];
      const [generated, real, remade] = accuracies.map((of) => of[label]!.toFixed(2));
      return `${label} ${generated} (${real}, ${remade})`;
    });
    return labels.length > 0 ? [`weak at guidance ${scale} (real, after the VAE): ${labels.join(', ')}`] : [];
  });
}
