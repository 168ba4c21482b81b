import { normals, uniforms } from '../core/random.ts';
import { WEIGHT_STREAMS } from '../core/streams.ts';
import type { Shapes } from './layers.ts';

/**
 * Layers that start at zero, so that every residual block starts as the identity: `zero_module` in the code of Dhariwal & Nichol 2021.
 * All places are alike at first.
 */
const ZERO = /(\.conv2|\.to_out\.0|^conv_out)\.(weight|bias)$|position_embedding$/;

/**
 * Starting values of a network, in PyTorch's layout: uniform in ±1/√fanIn, as its linear and convolutional layers are
 * by default (He et al. 2015, for a leaky ReLU of slope √5), norms 1 and 0, embeddings standard normal, last layers of residual
 * branches 0.
 *
 * @param shapes shapes by name, PyTorch's layout
 * @param seed   uint32; each tensor has a stream of its own
 */
export function initialWeights(shapes: Shapes, seed: number): Map<string, { shape: number[]; data: Float32Array }> {
  const weights = new Map<string, { shape: number[]; data: Float32Array }>();
  let stream = WEIGHT_STREAMS.weights.first;
  for (const [name, shape] of shapes) {
    weights.set(name, { shape, data: initialTensor(name, shape, shapes, seed, stream++) });
  }
  return weights;
}

function initialTensor(name: string, shape: number[], shapes: Shapes, seed: number, stream: number): Float32Array {
  const size = shape.reduce((a, b) => a * b, 1);
  if (ZERO.test(name)) return new Float32Array(size);
  if (name.endsWith('embedding.weight') && shape.length === 2) return normals(seed, stream, size);
  if (/norm[^.]*\.weight$/.test(name)) return new Float32Array(size).fill(1);
  if (/norm[^.]*\.bias$/.test(name)) return new Float32Array(size);
  const weightShape = shapes.get(name.replace(/bias$/, 'weight')) ?? shape;
  const bound = 1 / Math.sqrt(weightShape.slice(1).reduce((a, b) => a * b, 1));
  const draws = uniforms(seed, stream, size);
  const weights = new Float32Array(size);
  for (let i = 0; i < size; i++) weights[i] = (2 * draws[i]! - 1) * bound;
  return weights;
}
