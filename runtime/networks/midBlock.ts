import type { Tensor2D, Tensor4D } from '@tensorflow/tfjs-core';
import {
  type AttentionBlock,
  attentionShapes,
  type BlockOptions,
  type ResnetBlock,
  resnetPass,
  resnetShapes,
  type Shapes,
  selfAttention,
  type Weights,
} from './layers.ts';
import type { ForwardPass } from './slices.ts';

/** The lowest level of a network: residual block, optional attention, residual block (diffusers' UNetMidBlock2D). */
export interface MidBlock {
  resnets: [ResnetBlock, ResnetBlock];
  attention: AttentionBlock | null;
}

export function planMidBlock(
  prefix: string,
  channels: number,
  attention: { numHeads: number; numGroups: number | null } | null,
): MidBlock {
  const block = (i: number) => ({ prefix: `${prefix}.resnets.${i}`, cin: channels, cout: channels });
  return {
    resnets: [block(0), block(1)],
    attention: attention && { prefix: `${prefix}.attentions.0`, channels, ...attention },
  };
}

export function midBlockShapes(shapes: Shapes, mid: MidBlock, options: BlockOptions): void {
  for (const block of mid.resnets) resnetShapes(shapes, block, options);
  if (mid.attention) attentionShapes(shapes, mid.attention);
}

/** @param x float32 (B, H, W, C) @returns float32 (B, H, W, C) */
export function* midBlockPass(
  weights: Weights,
  mid: MidBlock,
  x: Tensor4D,
  emb: Tensor2D | null,
  options: BlockOptions,
): ForwardPass {
  let h = yield* resnetPass(weights, mid.resnets[0], x, emb, options);
  yield [h];
  if (mid.attention) {
    h = selfAttention(weights, mid.attention, h, options);
    yield [h];
  }
  return yield* resnetPass(weights, mid.resnets[1], h, emb, options);
}
