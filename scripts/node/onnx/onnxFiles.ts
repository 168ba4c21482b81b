import { encodeJson } from '../../../runtime/core/encodeJson.ts';
import {
  channelNames,
  createSchedule,
  type ModelFiles,
  type ModelIndex,
  numFramesOf,
  parseAutoencoderKlConfig,
  parseConditioningConfig,
  parseSchedulerConfig,
  parseUNet2DConfig,
  pixelsPerLatent,
  rowOfLabel,
  type SchedulerConfig,
  timesteps,
  type UNet2DConfig,
} from '../../../runtime/index.ts';
import type { OnnxGraph } from './onnxGraph.ts';
import { conditioningGraph, decoderGraph, encoderGraph, type OnnxImage, unetGraph } from './onnxNetworks.ts';

/** The networks of a model as ONNX graphs; those that it has not are null. */
export interface OnnxGraphs {
  unet: OnnxGraph;
  conditioning: OnnxGraph | null;
  decoder: OnnxGraph | null;
  encoder: OnnxGraph | null;
}

/** The names of the files that the graphs of a model may be written to. */
export const GRAPH_FILES: readonly string[] = ['unet.onnx', 'conditioning.onnx', 'decoder.onnx', 'encoder.onnx'];

/** @throws Error naming the file and option that is wrong, as `createModel`, which should have checked the files before */
export function onnxGraphs(files: ModelFiles): OnnxGraphs {
  const { figment } = files.index;
  const { heightPx, circularPadding: circular } = figment;
  const widthPx = figment.widthPx / numFramesOf(figment);
  const unet = { config: parseUNet2DConfig(files.unetConfig), weights: files.unet };
  const vae = files.vaeConfig ? { config: parseAutoencoderKlConfig(files.vaeConfig), weights: files.vae } : null;
  const factor = vae ? pixelsPerLatent(vae.config) : 1;
  const picture: OnnxImage = { widthPx, heightPx, circular };
  const conditioning = files.conditioningConfig
    ? { config: parseConditioningConfig(files.conditioningConfig), weights: files.conditioning ?? new Map() }
    : null;
  return {
    unet: unetGraph(unet, { widthPx: widthPx / factor, heightPx: heightPx / factor, circular }),
    conditioning: conditioning && conditioningGraph(conditioning),
    decoder: vae && decoderGraph(vae, picture),
    encoder: vae && encoderGraph(vae, picture),
  };
}

/** The files of `figment export onnx`, path → bytes: the graphs, and `figment.json`, which tells how they are used. */
export function onnxFiles(files: ModelFiles): Record<string, Uint8Array> {
  const graphs = Object.entries(onnxGraphs(files)).filter(([, graph]) => graph !== null) as [string, OnnxGraph][];
  const scheduler = parseSchedulerConfig(files.schedulerConfig, 'scheduler/scheduler_config.json');
  return {
    ...Object.fromEntries(graphs.map(([name, graph]) => [`${name}.onnx`, graph.encode(name)])),
    'figment.json': encodeJson(description(files.index, scheduler, parseUNet2DConfig(files.unetConfig), files)),
  };
}

/** All that a program must know beside the graphs. */
function description(index: ModelIndex, scheduler: SchedulerConfig, unet: UNet2DConfig, files: ModelFiles): object {
  const { labels, figment } = index;
  const { name, licence, attribution, widthPx, heightPx, channels, premultipliedAlpha, sampleDefaults } = figment;
  const { frames, student } = figment;
  const isConditional = unet.num_class_embeds !== null || unet.class_embed_type !== null;
  const nullLabel = isConditional ? nullLabelOf(index) : null;
  const vae = files.vaeConfig ? parseAutoencoderKlConfig(files.vaeConfig) : null;
  const { alphasCumprod } = createSchedule(scheduler);
  return {
    figmentOnnx: 1,
    model: { name, licence, attribution, sha256: files.hash },
    image: { widthPx, heightPx, channels, channelNames: channelNames(channels), premultipliedAlpha, range: [-1, 1] },
    ...(frames && {
      frames,
      frameOrder: `an image has ${frames.length} frames in a row, and latents their latents stacked along channels; decoder and encoder take frames one by one`,
    }),
    labels,
    ...(isConditional && { classLabels: labels.map((_, label) => rowOfLabel(label, nullLabel ?? -1)) }),
    nullLabel,
    attributes: figment.attributes ?? {},
    takes:
      unet.class_embed_type === 'identity' ? 'conditioning' : unet.num_class_embeds === null ? null : 'class_labels',
    latents: {
      channels: unet.in_channels,
      scaled: 'the graphs take and give scaled latents: (z − mean) · scaling / std',
      mean: vae?.latents_mean ?? null,
      std: vae?.latents_std ?? null,
      shift: vae?.shift_factor ?? null,
      scaling: vae?.scaling_factor ?? 1,
    },
    schedule: {
      numTrainTimesteps: scheduler.numTrainTimesteps,
      predictionType: scheduler.predictionType,
      alphasCumprod: [...alphasCumprod],
    },
    sampleDefaults,
    ...(student && {
      student: {
        stepCounts: student.stepCounts,
        guidanceScale: student.guidanceScale,
        takes:
          'conditioning.onnx takes guidance_scale, and as steps the place in stepCounts; one pass a step, without a second one for guidance',
      },
    }),
    ddim: ddimSteps(scheduler, alphasCumprod, sampleDefaults.numInferenceSteps),
  };
}

function nullLabelOf({ labels, figment }: ModelIndex): number | null {
  return figment.nullLabel === undefined ? labels.length : figment.nullLabel;
}

/** What each DDIM step (eta 0) needs: see `createDdim`. */
function ddimSteps(scheduler: SchedulerConfig, alphasCumprod: Float64Array, numInferenceSteps: number): object {
  const stride = Math.floor(scheduler.numTrainTimesteps / numInferenceSteps);
  const final = scheduler.setAlphaToOne ? 1 : alphasCumprod[0]!;
  const steps = timesteps(scheduler, numInferenceSteps, 'ddim').map((timestep) => ({
    timestep,
    alphaBar: alphasCumprod[timestep]!,
    alphaBarNext: timestep < stride ? final : alphasCumprod[timestep - stride]!,
  }));
  const clip = scheduler.clipSample ? scheduler.clipSampleRange : null;
  return { step: 'x = sqrt(alphaBarNext) · clip(x0) + sqrt(1 − alphaBarNext) · eps', clip, steps };
}
