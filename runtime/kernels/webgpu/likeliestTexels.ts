import { registerKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import { OKLAB_SHADER } from '../../core/oklabShader.ts';
import { LIKELIEST_TEXELS } from '../likeliestTexels.ts';
import type { Program, WebgpuContext } from './context.ts';

const WORKGROUP_SIZE = 64;

/** One thread for each texel of the half with the top row first; it writes the other half's, too. */
const LIKELIEST_TEXELS_PROGRAM: Program = {
  key: 'likeliest texels',
  lanes: 4,
  inputs: { texels: 'u32', palette: 'Value' },
  outputs: { likeliest: 'u32' },
  uniforms: { height: 'i32', rowTexels: 'i32', numColours: 'i32' },
  workgroupSize: WORKGROUP_SIZE,
  code: `
    ${OKLAB_SHADER}

    /** palette: for each colour its Oklab and cost, then its bytes; once a cost alone is too much, no later colour is better. */
    fn likeliestOf(colour: vec3<f32>) -> i32 {
      var best = 0;
      var least = 1e9;
      for (var i = 0; i < uniforms.numColours; i++) {
        let entry = palette[2 * i];
        if (entry.w >= least) { break; }
        let difference = colour - entry.xyz;
        let total = dot(difference, difference) + entry.w;
        if (total < least) {
          best = i;
          least = total;
        }
      }
      return best;
    }

    fn inPalette(texel: u32) -> u32 {
      let bytes = vec3<f32>(vec3<u32>(texel, texel >> 8u, texel >> 16u) & vec3<u32>(255u));
      let own = vec3<u32>(palette[2 * likeliestOf(toOklab(bytes)) + 1].xyz);
      return own.x | (own.y << 8u) | (own.z << 16u) | (texel & 0xff000000u);
    }

    fn main(group: i32, local: i32) {
      let at = group * WORKGROUP_SIZE + local;
      if (at >= uniforms.height * uniforms.rowTexels) { return; }
      var texel = texels[at];
      if ((texel >> 24u) != 0u) { texel = inPalette(texel); }
      let row = at / uniforms.rowTexels;
      let column = at % uniforms.rowTexels;
      likeliest[at] = texel;
      likeliest[(2 * uniforms.height - 1 - row) * uniforms.rowTexels + column] = texel;
    }
  `,
};

/** Registers the kernel, which WebGPU alone has. */
export function registerLikeliestTexels(contextOf: (backend: unknown) => WebgpuContext): void {
  registerKernel({
    kernelName: LIKELIEST_TEXELS,
    backendName: 'webgpu',
    kernelFunc: ({ inputs, backend }) => {
      const { texels, palette } = inputs as { texels: TensorInfo; palette: TensorInfo };
      const [, height, rowTexels] = texels.shape as [number, number, number];
      const uniforms = { height, rowTexels, numColours: palette.shape[0]! };
      const numWorkgroups = Math.ceil((height * rowTexels) / WORKGROUP_SIZE);
      return contextOf(backend).run(
        LIKELIEST_TEXELS_PROGRAM,
        [texels, palette],
        [texels.shape],
        uniforms,
        numWorkgroups,
      )[0]!;
    },
  });
}
