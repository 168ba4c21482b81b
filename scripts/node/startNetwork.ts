// The diffusion network that a training begins with: a new one, or that of a folder, for the labels and attributes of the data.
import {
  adaptConditioning,
  type ConditioningConfig,
  conditioningConfig,
  type Dataset,
  defaultUNetConfig,
  type LatentDataset,
  type ModelIndex,
  nullLabelLast,
  POSITION_EMBEDDING,
  parseUNet2DConfig,
  relabel,
  timeChannels,
  type UNet2DConfig,
  type UNetSizes,
  unet2dShapes,
  unetOfMoreLatents,
  vocabularyOf,
  type WeightTensor,
  withClasses,
} from '../../runtime/index.ts';
import { type NetworkFiles, readConditioning, readIndexOf, readUNet } from './readNetworks.ts';
import { printable } from './terminal.ts';
import { UsageError } from './usageError.ts';

export interface StartNetwork {
  config: UNet2DConfig;
  /** null: the U-Net takes the label. */
  conditioning: ConditioningConfig | null;
  /** The weights of U-Net and conditioning, joined; undefined: random ones. */
  weights?: Map<string, WeightTensor>;
}

export interface StartOptions extends UNetSizes {
  seed: number;
}

/**
 * A new network, which has conditioning if the data have attributes; or that of a folder, which keeps what it knows of their
 * labels and attributes, and gets conditioning if they have attributes and it has none.
 *
 * @throws UsageError when the sizes don't fit, or the folder has no U-Net
 */
export async function startNetwork(
  folder: string | null,
  dataset: Dataset,
  shape: LatentDataset['shape'],
  { seed, positions, ...sizes }: StartOptions,
): Promise<StartNetwork> {
  const vocabulary = vocabularyOf(dataset.attributes);
  const hasAttributes = Object.keys(vocabulary).length > 0;
  if (!folder) {
    const usual = newConfig(shape, dataset.labels.length, { ...sizes, positions });
    if (!hasAttributes) return { config: usual, conditioning: null };
    const config: UNet2DConfig = { ...usual, class_embed_type: 'identity', num_class_embeds: null };
    return { config, conditioning: conditioningConfig(timeChannels(config), dataset.labels.length, vocabulary) };
  }
  const found = forLatents(await readUNet(folder), folder, shape[2], dataset);
  checkHalvings(found.config, shape, 'choose pictures of another size, such as by --shrink, or leave out --init-from');
  const index = await readIndexOf(folder);
  const labels = index?.labels;
  const [height, width] = shape;
  const sampleSize = height === width ? height : ([height, width] as [number, number]);
  const sized = knowingPlaces({ ...found, config: { ...found.config, sample_size: sampleSize } }, positions);
  const network = labels ? nullLabelLast(sized, nullRowOf(index)) : sized;
  const isConditioned = network.config.class_embed_type === 'identity';
  if (isConditioned && !labels) {
    throw new UsageError(
      `train ddpm: ${folder} has no model_index.json, which says what its labels and attributes are; name a whole model folder`,
    );
  }
  if (!isConditioned && !hasAttributes) {
    if (network.config.num_class_embeds === null) {
      return { conditioning: null, ...withClasses(network, dataset.labels.length) };
    }
    return { conditioning: null, ...(labels ? relabel(network, labels, dataset.labels, seed) : network) };
  }
  const conditioning = isConditioned ? (await readConditioning(folder)).weights : null;
  const known = { ...network, conditioning, labels: labels ?? [], vocabulary: index?.figment.attributes ?? {} };
  return adaptConditioning(known, dataset.labels, vocabulary, seed);
}

/**
 * A network for so many channels; it gets those that it lacks, of which it knows nothing at first.
 *
 * @throws UsageError when it has more, or the channels are those of frames, of which each would have to get its own
 */
function forLatents(
  found: NetworkFiles<UNet2DConfig>,
  folder: string,
  channels: number,
  { frames }: Dataset,
): NetworkFiles<UNet2DConfig> {
  const known = found.config.in_channels;
  if (known === channels) return found;
  if (known > channels || frames) {
    throw new UsageError(
      `train ddpm: the U-Net of ${folder} works on ${known} channels, and here are ${channels}; give the auto-encoder that it was trained with by --vae`,
    );
  }
  console.log(
    printable(`train ddpm: the U-Net of ${folder} knows ${known} of the ${channels} channels; it learns the others`),
  );
  const config = { ...found.config, in_channels: channels, out_channels: channels };
  return { config, weights: new Map(unetOfMoreLatents(found.weights, channels)) };
}

/**
 * A network that knows the places of its tile, if it did or shall: they are all alike to it where it did not, or knew those of another
 * size.
 */
function knowingPlaces({ config, weights }: NetworkFiles<UNet2DConfig>, positions = false): NetworkFiles<UNet2DConfig> {
  const knowing = { ...config, position_embedding: positions || config.position_embedding };
  const shape = unet2dShapes(knowing).get(POSITION_EMBEDDING);
  if (!shape || String(shape) === String(weights.get(POSITION_EMBEDDING)?.shape)) return { config: knowing, weights };
  const alike = new Float32Array(shape.reduce((a, b) => a * b, 1));
  return { config: knowing, weights: new Map([...weights, [POSITION_EMBEDDING, { shape, data: alike }]]) };
}

function nullRowOf({ labels, figment: { nullLabel } }: ModelIndex): number | null {
  return nullLabel === undefined ? labels.length : nullLabel;
}

/** @throws UsageError when the latents can't be halved often enough, or a width is no multiple of 8 */
function newConfig(shape: LatentDataset['shape'], numLabels: number, sizes: UNetSizes): UNet2DConfig {
  const config = defaultUNetConfig({ shape }, numLabels, sizes);
  checkHalvings(config, shape, 'give fewer --widths');
  if (config.block_out_channels.some((channels) => channels % 8 !== 0)) {
    throw new UsageError(`train ddpm: --widths is ${config.block_out_channels.join()}; expected multiples of 8`);
  }
  return parseUNet2DConfig(config, '--widths');
}

/** @throws UsageError, with the remedy, when the latents can't be halved at each level but the last */
function checkHalvings(
  { block_out_channels: widths }: Pick<UNet2DConfig, 'block_out_channels'>,
  [height, width]: LatentDataset['shape'],
  remedy: string,
): void {
  const numHalvings = widths.length - 1;
  const divisor = 2 ** numHalvings;
  if (height % divisor === 0 && width % divisor === 0) return;
  throw new UsageError(
    `train ddpm: ${widths.length} levels halve the latents ${numHalvings} times, but ${width}×${height} is no multiple of ${divisor}; ${remedy}`,
  );
}
