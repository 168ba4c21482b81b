import { registerKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import { OKLAB_SHADER } from '../../core/oklabShader.ts';
import { UNLIKELY } from '../../core/palettePrior.ts';
import { EXPECTED_TEXELS, type ExpectedTexelsAttrs } from '../expectedTexels.ts';
import type { Program, WebgpuContext } from './context.ts';

const WORKGROUP_SIZE = 64;

/** One thread for each texel of the half with the top row first; it writes the other half's, too. */
const EXPECTED_TEXELS_PROGRAM: Program = {
  key: 'expected texels',
  lanes: 4,
  inputs: { texels: 'u32', palette: 'Value' },
  outputs: { expected: 'u32' },
  uniforms: { height: 'i32', rowTexels: 'i32', numColours: 'i32', twiceVariance: 'f32', sure: 'f32' },
  workgroupSize: WORKGROUP_SIZE,
  code: `
    ${OKLAB_SHADER}

    /** palette: for each colour its Oklab and cost, then its bytes. */
    fn totalOf(colour: vec3<f32>, place: i32) -> f32 {
      let entry = palette[2 * place];
      let difference = colour - entry.xyz;
      return dot(difference, difference) + entry.w;
    }

    fn expectedOf(colour: vec3<f32>) -> vec3<f32> {
      var best = 0;
      var least = 1e9;
      for (var place = 0; place < uniforms.numColours; place++) {
        let total = totalOf(colour, place);
        if (total < least) {
          best = place;
          least = total;
        }
      }
      var sum = vec4<f32>();
      for (var place = 0; place < uniforms.numColours && uniforms.sure > 0.0; place++) {
        let logarithm = (least - totalOf(colour, place)) / uniforms.twiceVariance;
        if (logarithm >= ${UNLIKELY}) { sum += exp(logarithm) * vec4<f32>(palette[2 * place + 1].xyz, 1.0); }
      }
      if (uniforms.sure * sum.w <= 1.0) { return palette[2 * best + 1].xyz; } // the likeliest has the weight 1
      return sum.xyz / sum.w;
    }

    fn main(group: i32, local: i32) {
      let at = group * WORKGROUP_SIZE + local;
      if (at >= uniforms.height * uniforms.rowTexels) { return; }
      var texel = texels[at];
      let own = unpack4x8unorm(texel);
      if (own.w > 0.0) { texel = pack4x8unorm(vec4<f32>(expectedOf(toOklab(255.0 * own.xyz)) / 255.0, own.w)); }
      let row = at / uniforms.rowTexels;
      let column = at % uniforms.rowTexels;
      expected[at] = texel;
      expected[(2 * uniforms.height - 1 - row) * uniforms.rowTexels + column] = texel;
    }
  `,
};

/** Registers the kernel, which WebGPU alone has. */
export function registerExpectedTexels(contextOf: (backend: unknown) => WebgpuContext): void {
  registerKernel({
    kernelName: EXPECTED_TEXELS,
    backendName: 'webgpu',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { texels, palette } = inputs as { texels: TensorInfo; palette: TensorInfo };
      const [, height, rowTexels] = texels.shape as [number, number, number];
      const { deviation, sure } = attrs as unknown as ExpectedTexelsAttrs;
      const uniforms = { height, rowTexels, numColours: palette.shape[0]!, twiceVariance: 2 * deviation ** 2, sure };
      const numWorkgroups = Math.ceil((height * rowTexels) / WORKGROUP_SIZE);
      return contextOf(backend).run(
        EXPECTED_TEXELS_PROGRAM,
        [texels, palette],
        [texels.shape],
        uniforms,
        numWorkgroups,
      )[0]!;
    },
  });
}
