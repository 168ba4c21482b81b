// Figment's networks as ONNX graphs. Images are (N, channels, height, width), as in PyTorch; N is open.
import {
  type AutoencoderKlConfig,
  CONDITIONING_WEIGHTS,
  type ConditioningConfig,
  numericFrequencies,
  POSITION_EMBEDDING,
  pixelChannels,
  pixelsPerLatent,
  planAutoencoder,
  planUNet2D,
  type StudentConfig,
  timeChannels,
  timestepFrequencies,
  type UNet2DConfig,
  type WeightTensor,
} from '../../../runtime/index.ts';
import { OnnxGraph } from './onnxGraph.ts';
import {
  attentionOf,
  constant,
  convOf,
  doubled,
  type Features,
  halved,
  joined,
  type LayerContext,
  linearOf,
  normOf,
  resnetOf,
  scaledBy,
  siluOf,
  weightOf,
} from './onnxLayers.ts';

/** A network as others have it: its config, and its weights in PyTorch's layout. */
export interface OnnxSource<Config> {
  config: Config;
  weights: ReadonlyMap<string, WeightTensor>;
}

/** The size of the images that a graph takes. */
export interface OnnxImage {
  heightPx: number;
  widthPx: number;
  circular: boolean;
}

type Plan = ReturnType<typeof planUNet2D>;
type PlannedLevel = Plan['down'][number];
type PlannedMid = NonNullable<Plan['mid']>;

const BATCH = 'N';
const CORNER = [0, 0, 1, 1] as const;

function contextOf(
  graph: OnnxGraph,
  weights: LayerContext['weights'],
  { numGroups, epsilon, circular, scaleShift, outputScale }: Plan['options'],
): LayerContext {
  return { graph, weights, numGroups, epsilon, circular, scaleShift, outputScale };
}

/**
 * The U-Net: `sample` (N, C, h, w), `timestep` (N), and `class_labels` (N, int64) or `conditioning` (N, timeChannels) where
 * it has them; gives `prediction` (N, C, h, w).
 */
export function unetGraph({ config, weights }: OnnxSource<UNet2DConfig>, image: OnnxImage): OnnxGraph {
  const graph = new OnnxGraph();
  const plan = planUNet2D(config, { circular: image.circular });
  const context = contextOf(graph, weights, plan.options);
  const [height, width] = [image.heightPx, image.widthPx];
  const sample = graph.input('sample', 'float32', [BATCH, config.in_channels, height, width]);
  const embedding = siluOf(context, timeAndCondition(context, config));
  const centred = config.center_input_sample
    ? graph.op('Sub', [scaledBy(context, sample, 2), constant(context, 'one', [1])])
    : sample;
  const first = convOf(context, { name: centred, channels: config.in_channels, height, width }, 'conv_in');
  const places = config.position_embedding ? weightOf(context, POSITION_EMBEDDING) : null;
  let h = places === null ? first : { ...first, name: graph.op('Add', [first.name, places]) };
  const skips = [h];
  for (const level of plan.down) {
    for (const j of level.resnets.keys()) {
      h = levelOf(context, level, j, h, embedding);
      skips.push(h);
    }
    const { resample } = level;
    if (resample === null) continue;
    const pads = config.downsample_padding === 0 ? CORNER : ([1, 1, 1, 1] as const);
    h =
      typeof resample === 'number'
        ? convOf(context, h, `${level.prefix}.downsamplers.0.conv`, { stride: 2, pads })
        : resnetOf(context, resample, h, embedding, (x) => halved(context, x));
    skips.push(h);
  }
  if (plan.mid) h = midOf(contextOf(graph, weights, plan.midOptions), plan.mid, h, embedding);
  for (const level of plan.up) {
    for (const j of level.resnets.keys()) h = levelOf(context, level, j, joined(context, h, skips.pop()!), embedding);
    const { resample } = level;
    if (typeof resample === 'number') h = convOf(context, doubled(context, h), `${level.prefix}.upsamplers.0.conv`);
    else if (resample) h = resnetOf(context, resample, h, embedding, (x) => doubled(context, x));
  }
  const last = convOf(context, normOf(context, h, 'conv_norm_out'), 'conv_out');
  graph.output(last.name, 'prediction', [BATCH, config.out_channels, height, width]);
  return graph;
}

/** (N, timeChannels): see `timestepEmbedding`. */
function timeAndCondition(context: LayerContext, config: UNet2DConfig): string {
  const { graph } = context;
  const channels = config.block_out_channels[0]!;
  const frequencies = timestepFrequencies(channels, config.freq_shift);
  const t = graph.op('Reshape', [graph.input('timestep', 'float32', [BATCH]), graph.integers([-1, 1])]);
  const angles = graph.op('Mul', [t, constant(context, 'frequencies', frequencies, [1, frequencies.length])]);
  const [sines, cosines] = [graph.op('Sin', [angles]), graph.op('Cos', [angles])];
  const nothing = channels % 2 === 0 ? [] : [scaledBy(context, t, 0)];
  const waves = config.flip_sin_to_cos ? [cosines, sines, ...nothing] : [sines, cosines, ...nothing];
  const hidden = siluOf(context, linearOf(context, graph.op('Concat', waves, { axis: 1 }), 'time_embedding.linear_1'));
  const time = linearOf(context, hidden, 'time_embedding.linear_2');
  if (config.class_embed_type === 'identity') {
    return graph.op('Add', [time, graph.input('conditioning', 'float32', [BATCH, timeChannels(config)])]);
  }
  if (config.num_class_embeds === null) return time;
  const labels = graph.input('class_labels', 'int64', [BATCH]);
  return graph.op('Add', [time, graph.op('Gather', [weightOf(context, 'class_embedding.weight'), labels])]);
}

function levelOf(
  context: LayerContext,
  level: PlannedLevel,
  j: number,
  x: Features,
  embedding: string | null,
): Features {
  const h = resnetOf(context, level.resnets[j]!, x, embedding);
  const attention = level.attentions?.[j];
  return attention ? attentionOf(context, attention, h) : h;
}

function midOf(context: LayerContext, mid: PlannedMid, x: Features, embedding: string | null): Features {
  const h = resnetOf(context, mid.resnets[0], x, embedding);
  const attended = mid.attention ? attentionOf(context, mid.attention, h) : h;
  return resnetOf(context, mid.resnets[1], attended, embedding);
}

/**
 * What turns label and attributes into the vector that a U-Net takes: `class_labels` (N, int64; the number of labels means
 * "any") and `attributes` (N, attributes: the place of a word, or a number 0 … 1; below 0 means "any"); gives
 * `conditioning` (N, embedding_dim). A student takes besides `guidance_scale` (N, 1) and `steps` (N, int64), the place of the
 * number of steps in its list. See `conditioningVectors` in the runtime.
 */
export function conditioningGraph({ config, weights }: OnnxSource<ConditioningConfig>): OnnxGraph {
  const graph = new OnnxGraph();
  const kinds = Object.entries(config.attributes);
  const context = { graph, weights, numGroups: 1, epsilon: 0, circular: false, scaleShift: false, outputScale: 1 };
  const scale = 1 / Math.sqrt(1 + kinds.length);
  const labels = graph.input('class_labels', 'int64', [BATCH]);
  let sum = graph.op('Gather', [weightOf(context, CONDITIONING_WEIGHTS.label), labels]);
  const values = kinds.length > 0 ? graph.input('attributes', 'float32', [BATCH, kinds.length]) : '';
  const zero = constant(context, 'zero', [0]);
  for (const [place, [name, kind]] of kinds.entries()) {
    const table = weightOf(context, CONDITIONING_WEIGHTS.tableOf(name));
    const column = graph.op('Gather', [values, graph.integers([place])], { axis: 1 }); // (N, 1)
    const isAny = graph.op('Less', [column, zero]);
    const numWords = kind === 'number' ? 0 : kind;
    const word = kind === 'number' ? scaledBy(context, column, 0) : column;
    const row = graph.op('Where', [isAny, constant(context, `any_${numWords}`, [numWords]), word]);
    const rows = graph.op('Reshape', [graph.op('Cast', [row], { to: 7 }), graph.integers([-1])]);
    const found = graph.op('Gather', [table, rows]);
    const added =
      kind === 'number' ? graph.op('Where', [isAny, found, numberOf(context, config, name, column)]) : found;
    sum = graph.op('Add', [sum, added]);
  }
  const known = scaledBy(context, sum, scale);
  const output = config.student ? samplingOf(context, config, config.student, known) : known;
  graph.output(output, 'conditioning', [BATCH, config.embedding_dim]);
  return graph;
}

/** What a student is told of its sampling, added to what is known of the picture. */
function samplingOf(context: LayerContext, config: ConditioningConfig, student: StudentConfig, known: string): string {
  const { graph } = context;
  const [least, most] = student.guidance_scale;
  const w = graph.input('guidance_scale', 'float32', [BATCH, 1]);
  const steps = graph.input('steps', 'int64', [BATCH]);
  const share = graph.op('Div', [
    graph.op('Sub', [w, constant(context, 'least_guidance', [least])]),
    constant(context, 'guidance_range', [most - least]),
  ]);
  const guidance = mlpOf(context, config, CONDITIONING_WEIGHTS.guidance, share);
  const ofSteps = graph.op('Gather', [weightOf(context, CONDITIONING_WEIGHTS.steps), steps]);
  return graph.op('Add', [known, graph.op('Add', [guidance, ofSteps])]);
}

function numberOf(context: LayerContext, config: ConditioningConfig, name: string, column: string): string {
  return mlpOf(context, config, CONDITIONING_WEIGHTS.mlpOf(name), column);
}

/** Linear–SiLU–Linear of a number's features: see `numericFeatures`. */
function mlpOf(context: LayerContext, config: ConditioningConfig, prefix: string, column: string): string {
  const { graph } = context;
  const frequencies = numericFrequencies(config.numeric_channels);
  const angles = graph.op('Mul', [
    column,
    constant(context, 'numeric_frequencies', frequencies, [1, frequencies.length]),
  ]);
  const waves = graph.op('Concat', [graph.op('Sin', [angles]), graph.op('Cos', [angles])], { axis: 1 });
  const hidden = siluOf(context, linearOf(context, waves, `${prefix}.linear_1`));
  return linearOf(context, hidden, `${prefix}.linear_2`);
}

/** The decoder: `latents` (N, C, h, w) as the U-Net makes them, scaled; gives `image` (N, channels, H, W), about −1 … 1. */
export function decoderGraph({ config, weights }: OnnxSource<AutoencoderKlConfig>, image: OnnxImage): OnnxGraph {
  const graph = new OnnxGraph();
  const plan = planAutoencoder(config, image.circular);
  const context = contextOf(graph, weights, plan.options);
  const [height, width] = [image.heightPx / pixelsPerLatent(config), image.widthPx / pixelsPerLatent(config)];
  const channels = config.latent_channels;
  const latents = graph.input('latents', 'float32', [BATCH, channels, height, width]);
  const { scale, shift } = latentScaling(context, config);
  const unscaled = graph.op('Add', [graph.op('Div', [latents, scale]), shift]);
  const z: Features = { name: unscaled, channels, height, width };
  const post = config.use_post_quant_conv ? convOf(context, z, 'post_quant_conv', { pads: [0, 0, 0, 0] }) : z;
  let h = midOf(context, plan.decoderMid, convOf(context, post, 'decoder.conv_in'), null);
  for (const level of plan.up) {
    for (const block of level.resnets) h = resnetOf(context, block, h, null);
    if (level.resample !== null) h = convOf(context, doubled(context, h), `${level.prefix}.upsamplers.0.conv`);
  }
  const last = convOf(context, normOf(context, h, 'decoder.conv_norm_out'), 'decoder.conv_out');
  const { patch_size: blocksize } = config;
  const pixels = blocksize === 1 ? last.name : graph.op('DepthToSpace', [last.name], { blocksize });
  graph.output(pixels, 'image', [BATCH, pixelChannels(config).out, image.heightPx, image.widthPx]);
  return graph;
}

/** The encoder: `image` (N, channels, H, W), −1 … 1; gives `latents` (N, C, h, w), the posterior's mean, scaled. */
export function encoderGraph({ config, weights }: OnnxSource<AutoencoderKlConfig>, image: OnnxImage): OnnxGraph {
  const graph = new OnnxGraph();
  const plan = planAutoencoder(config, image.circular);
  const context = contextOf(graph, weights, plan.options);
  const { heightPx: height, widthPx: width } = image;
  const { patch_size: blocksize, in_channels: channelsIn } = config;
  const given = graph.input('image', 'float32', [BATCH, pixelChannels(config).in, height, width]);
  const name = blocksize === 1 ? given : graph.op('SpaceToDepth', [given], { blocksize });
  const patches = { name, channels: channelsIn, height: height / blocksize, width: width / blocksize };
  let h = convOf(context, patches, 'encoder.conv_in');
  for (const level of plan.down) {
    for (const block of level.resnets) h = resnetOf(context, block, h, null);
    if (level.resample === null) continue;
    h = convOf(context, h, `${level.prefix}.downsamplers.0.conv`, { stride: 2, pads: CORNER });
  }
  h = midOf(context, plan.encoderMid, h, null);
  h = convOf(context, normOf(context, h, 'encoder.conv_norm_out'), 'encoder.conv_out');
  if (config.use_quant_conv) h = convOf(context, h, 'quant_conv', { pads: [0, 0, 0, 0] });
  const channels = config.latent_channels;
  const mean = graph.op('Slice', [h.name, graph.integers([0]), graph.integers([channels]), graph.integers([1])]);
  const { scale, shift } = latentScaling(context, config);
  graph.output(graph.op('Mul', [graph.op('Sub', [mean, shift]), scale]), 'latents', [
    BATCH,
    channels,
    h.height,
    h.width,
  ]);
  return graph;
}

/** See `scaleLatents`: scaled = (z − shift) · scale, by channel. */
function latentScaling(context: LayerContext, config: AutoencoderKlConfig): { scale: string; shift: string } {
  const { latents_mean, latents_std, shift_factor, scaling_factor, latent_channels } = config;
  const all = (value: number) => new Array<number>(latent_channels).fill(value);
  const isPerChannel = latents_mean !== null && latents_std !== null;
  const shifts = isPerChannel ? latents_mean : all(shift_factor ?? 0);
  const scales = isPerChannel ? latents_std.map((std) => scaling_factor / std) : all(scaling_factor);
  const shape = [1, latent_channels, 1, 1];
  return {
    scale: constant(context, 'latent_scale', scales, shape),
    shift: constant(context, 'latent_shift', shifts, shape),
  };
}
