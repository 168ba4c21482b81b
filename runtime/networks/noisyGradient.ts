// A file apart from the network, since a page that generates without a classifier has no use for gradients.
import {
  customGrad,
  type GradSaveFunc,
  grad,
  logSoftmax,
  matMul,
  mul,
  reshape,
  type Scalar,
  softmax,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor4D,
  tidy,
  tile,
} from '@tensorflow/tfjs-core';
import { registerKernelGradients } from '../kernels/gradients.ts';
import { oneHotRows, type Weights, weight } from './layers.ts';
import { HEAD, type NoisyClassifierConfig, noisyFeatures, noisyLogits } from './noisyClassifier.ts';

/**
 * The direction in which noised latents look more like a label to a noise-aware classifier: ∇_xt log p(label | xt, t),
 * by back-propagation on the current backend.
 *
 * @param xt          float32 (B, h, w, in_channels)
 * @param t           (B)
 * @param classLabels (B), 0 … num_labels − 1
 * @returns           shape of xt; the caller disposes it
 * @throws            RangeError when channels or numbers differ
 */
export function logProbGradient(
  config: NoisyClassifierConfig,
  weights: Weights,
  xt: Tensor4D,
  t: ArrayLike<number>,
  classLabels: ArrayLike<number>,
): Tensor4D {
  registerKernelGradients();
  return tidy(() => {
    const target = oneHotRows(classLabels, config.num_labels);
    const logProb = (x: Tensor) => headLogProb(weights, noisyFeatures(config, weights, x as Tensor4D, t), target);
    return grad(logProb)(xt) as Tensor4D;
  });
}

/**
 * Σ log p(label) over the batch, with the head's gradient in closed form, so that back-propagation needs Figment's own
 * kernels alone, none of the gradients of TensorFlow.js:
 *
 *   ∂/∂features = (onehot − softmax(logits)) · Wᵀ / (h' · w')
 */
function headLogProb(weights: Weights, features: Tensor4D, target: Tensor2D): Scalar {
  const [batch, height, width, channels] = features.shape;
  const head = customGrad((h, save) => {
    const logits = noisyLogits(weights, h as Tensor4D);
    const value = sum(mul(logSoftmax(logits), target)) as Scalar;
    const towards = sub(target, softmax(logits)) as Tensor2D;
    (save as GradSaveFunc)([matMul(towards, weight(weights, `${HEAD}.weight`), false, true)]);
    const gradFunc = (dy: Scalar, [pooled]: Tensor[]) => {
      const perPlace = mul(mul(pooled!, 1 / (height * width)), dy);
      return tile(reshape(perPlace, [batch, 1, 1, channels]), [1, height, width, 1]);
    };
    return { value, gradFunc };
  });
  return head(features) as Scalar;
}
