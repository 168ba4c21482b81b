import {
  type ConditionalVae,
  type DiffusionModel,
  generate,
  generateAtOnce,
  type ImageRequest,
  REFINE_STRENGTH,
  refine,
  type SampleOptions,
} from '../../../runtime/index.ts';
import type { GuidanceMetrics } from './measure.ts';

/** What a pipeline's pictures cost, and how good they are, at the guidance that the model is used with. */
export interface PipelineMetrics
  extends Pick<GuidanceMetrics, 'accuracy' | 'frechetDistanceToHeldOut' | 'spreadRelativeToReal'> {
  /** In batches, on the backend of the evaluation. */
  msPerImage: number;
  /** Of cvae+ddpm. */
  strength?: number;
}

/** Makes the pictures of a batch; told the share that is done. */
export type MakePictures = (
  requests: readonly ImageRequest[],
  onShare: (share: number) => void,
) => Promise<Uint8Array[]>;

/** How each pipeline makes pictures; the two that need a VAE are absent where the model has none. */
export function makersOf(
  model: DiffusionModel,
  cvae: ConditionalVae | null,
  options: SampleOptions,
): { ddpm: MakePictures; vae?: MakePictures; 'cvae+ddpm'?: MakePictures } {
  const inSteps = (onShare: (share: number) => void) => ({
    ...options,
    onStep: ({ step, numSteps }: { step: number; numSteps: number }) => onShare(step / numSteps),
  });
  const ddpm: MakePictures = (requests, onShare) => generate(model, requests, inSteps(onShare));
  if (!cvae) return { ddpm };
  return {
    ddpm,
    vae: (requests) => generateAtOnce(cvae, requests),
    'cvae+ddpm': (requests, onShare) =>
      refine(model, cvae, requests, { ...inSteps(onShare), strength: REFINE_STRENGTH }),
  };
}

/** The part of a set's measures that pipelines are compared by. */
export function pipelineMetrics(metrics: GuidanceMetrics, imagesPerSecond: number, strength?: number): PipelineMetrics {
  const { accuracy, frechetDistanceToHeldOut, spreadRelativeToReal } = metrics;
  return {
    msPerImage: 1000 / imagesPerSecond,
    ...(strength !== undefined && { strength }),
    accuracy,
    frechetDistanceToHeldOut,
    spreadRelativeToReal,
  };
}
