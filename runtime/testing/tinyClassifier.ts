import { type NoisyClassifierConfig, noisyClassifierShapes } from '../networks/noisyClassifier.ts';
import type { ClassifierFiles } from '../weights/classifierFolder.ts';
import { tinyModelFiles } from './tinyModel.ts';
import { randomWeights } from './tinyNetworks.ts';

export const TINY_CLASSIFIER_CONFIG: NoisyClassifierConfig = {
  in_channels: 4,
  num_labels: 2,
  block_out_channels: [8, 16],
  time_embedding_dim: 16,
  norm_num_groups: 4,
  norm_eps: 1e-5,
  circular_padding: false,
};

/** The files of a classifier, untrained, of the tiny model's latents. */
export function tinyClassifierFiles(labels: string[] = ['hat', 'no_hat'], seed = 8): ClassifierFiles {
  const config = { ...TINY_CLASSIFIER_CONFIG, num_labels: labels.length };
  return {
    index: {
      labels,
      figment: {
        version: 1,
        name: 'tiny-hat',
        licence: 'CC0-1.0',
        attribution: '',
        model: { name: 'tiny', vaeSha256: null },
        scheduler: tinyModelFiles().schedulerConfig as Record<string, unknown>,
        sha256: null,
      },
    },
    config,
    weights: randomWeights(noisyClassifierShapes(config), seed),
    hash: `tiny-hat-${seed}`,
  };
}
