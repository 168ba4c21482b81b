import { registerKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import { MIN_ALPHA } from '../../core/pixels.ts';
import { TEXELS, type TexelAttrs, texelShape } from '../texels.ts';
import type { Program, WebgpuContext } from './context.ts';

const WORKGROUP_SIZE = 64;

/**
 * The arithmetic of `toPixels`. Values are read as bits, since a shader may take for granted that no f32 is NaN, and are
 * clamped before they are scaled, which changes no byte.
 */
export const TEXELS_PROGRAM: Program = {
  key: 'texels',
  lanes: 1,
  inputs: { values: 'u32' },
  outputs: { texels: 'u32' },
  uniforms: {
    width: 'i32',
    height: 'i32',
    rowTexels: 'i32',
    first: 'i32',
    stride: 'i32',
    hasAlpha: 'i32',
    isPremultiplied: 'i32',
  },
  workgroupSize: WORKGROUP_SIZE,
  code: `
    const MINUS_ONE_BITS = 0xbf800000u;
    const INFINITY_BITS = 0x7f800000u;

    /** Value + 1: 0 … 2; 0 for NaN. */
    fn valueFromZero(index: i32) -> f32 {
      let bits = values[index];
      let isNan = (bits & 0x7fffffffu) > INFINITY_BITS;
      return clamp(bitcast<f32>(select(bits, MINUS_ONE_BITS, isNan)), -1.0, 1.0) + 1.0;
    }

    fn main(group: i32, local: i32) {
      let pixel = group * WORKGROUP_SIZE + local;
      if (pixel >= uniforms.width * uniforms.height) { return; }
      let at = uniforms.first + pixel * uniforms.stride;
      var alpha = 255.0;
      if (uniforms.hasAlpha == 1) { alpha = valueFromZero(at + 3) * 127.5; }
      var bytes = vec4<f32>(0.0);
      if (round(alpha) >= ${MIN_ALPHA}.0) {
        let factor = select(127.5, 32512.5 / alpha, uniforms.isPremultiplied == 1);
        let colour = vec3<f32>(valueFromZero(at), valueFromZero(at + 1), valueFromZero(at + 2));
        bytes = round(min(vec4<f32>(colour * factor, alpha), vec4<f32>(255.0)));
      }
      let whole = vec4<u32>(bytes);
      let texel = whole.x | (whole.y << 8u) | (whole.z << 16u) | (whole.w << 24u);
      let row = pixel / uniforms.width;
      let column = pixel % uniforms.width;
      texels[row * uniforms.rowTexels + column] = texel;
      texels[(2 * uniforms.height - 1 - row) * uniforms.rowTexels + column] = texel;
    }
  `,
};

/** @param places where the first value lies, and how many lie from one pixel to the next */
export function texelSizes(
  shape: readonly number[],
  { premultiplied, maps }: TexelAttrs,
  places: { first: number; stride: number },
): { uniforms: Record<string, number>; numWorkgroups: number } {
  const [, height, width, channels] = shape as [number, number, number, number];
  return {
    uniforms: {
      width,
      height,
      rowTexels: texelShape(shape)[2],
      first: places.first + (maps ? 3 : 0),
      stride: places.stride,
      hasAlpha: Number(channels === 4),
      isPremultiplied: Number(premultiplied && channels === 4),
    },
    numWorkgroups: Math.ceil((width * height) / WORKGROUP_SIZE),
  };
}

/** Registers the kernel, which WebGPU alone has. */
export function registerTexels(contextOf: (backend: unknown) => WebgpuContext): void {
  registerKernel({
    kernelName: TEXELS,
    backendName: 'webgpu',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const image = inputs.image as TensorInfo;
      const places = { first: 0, stride: image.shape[3]! };
      const { uniforms, numWorkgroups } = texelSizes(image.shape, attrs as unknown as TexelAttrs, places);
      const shape = texelShape(image.shape);
      return contextOf(backend).run(TEXELS_PROGRAM, [image], [shape], uniforms, numWorkgroups)[0]!;
    },
  });
}
