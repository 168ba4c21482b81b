import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { CpuContext } from './context.ts';

/** (…, C) → (C): the gradient of a bias. */
export function sumRows(ctx: CpuContext, { x }: { x: TensorInfo }): TensorInfo {
  const numChannels = x.shape[x.shape.length - 1]!;
  const sums = new Float64Array(numChannels);
  ctx.values(x).forEach((value, i) => {
    sums[i % numChannels]! += value;
  });
  return ctx.output([numChannels], sums);
}
