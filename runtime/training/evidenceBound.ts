// The evidence lower bound of a VAE with exact units: nats of each image.
import {
  abs,
  mul,
  reshape,
  type Scalar,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';
import { klOfValues, type LatentDistribution } from '../networks/latentDistribution.ts';
import type { Reconstruction } from './losses.ts';

/**
 * log p(x | z) of each image, whose values lie around the decoded ones: by a Laplace distribution (l1) or a normal one (l2).
 *
 *   l1: −Σ (|x − decoded| / scale + log(2 · scale))
 *   l2: −Σ ((x − decoded)² / (2 · scale²) + ½ log(2π · scale²))
 *
 * @param x, decoded float32 (B, …)
 * @param scale      of the distribution, in units of x: mean absolute deviation (l1), standard deviation (l2)
 * @returns          float32 (B), nats
 */
export function logLikelihood(kind: Reconstruction, x: Tensor, decoded: Tensor, scale: number): Tensor1D {
  return tidy(() => {
    const difference = reshape(sub(x, decoded), [x.shape[0]!, -1]);
    const size = difference.shape[1]!;
    if (kind === 'l1') return sub(mul(sum(abs(difference), 1), -1 / scale), size * Math.log(2 * scale));
    const constant = 0.5 * size * Math.log(2 * Math.PI * scale ** 2);
    return sub(mul(sum(square(difference), 1), -0.5 / scale ** 2), constant);
  });
}

/**
 * Kullback–Leibler divergence of each image's q(z | x) from the standard normal: the sum of `klOfValues`.
 *
 * @returns float32 (B), nats
 */
export function klOfImages(distribution: LatentDistribution<Tensor2D>): Tensor1D {
  return tidy(() => sum(klOfValues(distribution), 1));
}

/**
 * The evidence lower bound of each image, estimated from one draw z: log p(x | z) − klWeight · KL. At klWeight 1 its
 * expectation is at most log p(x), and is log p(x) where q(z | x) is the true posterior. Other weights make the β-VAE of
 * Higgins et al. 2017; 0 makes a plain auto-encoder, whose latents know nothing of the prior.
 *
 * Source: Kingma & Welling 2014, arXiv:1312.6114, eq. (10); with labels given: Sohn et al. 2015, NIPS 28, eq. (4).
 * @param klWeight 0 or more, for all images or each
 * @returns        float32 (B), nats
 */
export function elbo(logLikelihood: Tensor1D, kl: Tensor1D, klWeight: Scalar | Tensor1D | number = 1): Tensor1D {
  return tidy(() => sub(logLikelihood, mul(kl, klWeight)));
}
