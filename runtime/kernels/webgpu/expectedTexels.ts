import { registerKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import { OKLAB_SHADER } from '../../core/oklabShader.ts';
import { CHANCE_STEP, MAX_PARTS, NEVER, RARELY } from '../../core/palettePlaces.ts';
import { UNLIKELY } from '../../core/palettePrior.ts';
import { EXPECTED_TEXELS, type ExpectedTexelsAttrs, PALETTE_ENTRY } from '../expectedTexels.ts';
import type { Program, WebgpuContext } from './context.ts';

const WORKGROUP_SIZE = 64;

/**
 * One thread for each texel of the half with the top row first; it writes the other half's, too. The palette is read as whole numbers,
 * since some of it is: as floats, GPUs may change bytes that are none.
 */
const EXPECTED_TEXELS_PROGRAM: Program = {
  key: 'expected texels',
  lanes: 4,
  inputs: { texels: 'u32', palette: 'u32' },
  outputs: { expected: 'u32' },
  uniforms: {
    height: 'i32',
    rowTexels: 'i32',
    numColours: 'i32',
    twiceVariance: 'f32',
    sure: 'f32',
    frameWidth: 'i32',
    numFrames: 'i32',
    isCut: 'i32',
  },
  workgroupSize: WORKGROUP_SIZE,
  code: `
    ${OKLAB_SHADER}
    const QUARTER = ${MAX_PARTS / 4};
    const ENTRY = ${PALETTE_ENTRY};
    var<private> chances: array<vec4<f32>, QUARTER>;

    fn fourAt(at: i32) -> vec4<f32> {
      return bitcast<vec4<f32>>(vec4<u32>(palette[at], palette[at + 1], palette[at + 2], palette[at + 3]));
    }

    fn turnTo(at: i32) {
      let column = at % uniforms.rowTexels;
      let frame = min(column / uniforms.frameWidth, uniforms.numFrames - 1);
      let views = uniforms.numColours * (ENTRY + 4 * QUARTER);
      let view = i32(bitcast<f32>(palette[views + frame]));
      let row = view * uniforms.height + at / uniforms.rowTexels;
      let cell = row * uniforms.frameWidth + min(column - frame * uniforms.frameWidth, uniforms.frameWidth - 1);
      for (var i = 0; i < QUARTER; i++) {
        let bytes = 255.0 * unpack4x8unorm(palette[views + uniforms.numFrames + cell * QUARTER + i]);
        chances[i] = select(exp(-${CHANCE_STEP} * bytes), vec4<f32>(), bytes > vec4<f32>(${NEVER}.0 - 0.5));
      }
    }

    fn placeCost(colour: i32) -> f32 {
      var chance = 0.0;
      let shares = ENTRY * uniforms.numColours + 4 * QUARTER * colour;
      for (var i = 0; i < QUARTER; i++) { chance += dot(fourAt(shares + 4 * i), chances[i]); }
      let byte = clamp(round(-log(max(chance, 1e-30)) / ${CHANCE_STEP}), 0.0, ${NEVER}.0);
      return byte * ${CHANCE_STEP} * uniforms.twiceVariance;
    }

    fn mostCost() -> f32 { return ${-Math.log(RARELY)} * uniforms.twiceVariance; }

    fn distanceTo(colour: vec3<f32>, place: i32) -> f32 {
      let difference = colour - fourAt(ENTRY * place).xyz;
      return dot(difference, difference);
    }

    fn costAnywhere(place: i32) -> f32 { return bitcast<f32>(palette[ENTRY * place + 3]); }

    fn leastCost(place: i32) -> f32 { return min(costAnywhere(place), mostCost()); }

    fn costOf(place: i32) -> f32 {
      return min(costAnywhere(place) + placeCost(i32(bitcast<f32>(palette[ENTRY * place + 7]))), mostCost());
    }

    fn expectedOf(colour: vec3<f32>) -> vec3<f32> {
      var best = 0;
      var least = 1e9;
      for (var place = 0; place < uniforms.numColours; place++) {
        let distance = distanceTo(colour, place);
        if (distance + leastCost(place) >= least) { continue; }
        let total = distance + costOf(place);
        if (total < least) {
          best = place;
          least = total;
        }
      }
      let most = least - ${UNLIKELY}.0 * uniforms.twiceVariance;
      var sum = vec4<f32>();
      for (var place = 0; place < uniforms.numColours && uniforms.sure > 0.0; place++) {
        let distance = distanceTo(colour, place);
        if (distance + leastCost(place) > most) { continue; }
        let total = distance + costOf(place);
        if (total <= most) { sum += exp((least - total) / uniforms.twiceVariance) * vec4<f32>(fourAt(ENTRY * place + 4).xyz, 1.0); }
      }
      if (uniforms.sure * sum.w <= 1.0) { return fourAt(ENTRY * best + 4).xyz; } // the likeliest has the weight 1
      return sum.xyz / sum.w;
    }

    fn main(group: i32, local: i32) {
      let at = group * WORKGROUP_SIZE + local;
      if (at >= uniforms.height * uniforms.rowTexels) { return; }
      var texel = texels[at];
      var own = unpack4x8unorm(texel);
      if (uniforms.isCut != 0) {
        own.w = step(0.5, own.w);
        texel = 0u;
      }
      if (own.w > 0.0) {
        turnTo(at);
        texel = pack4x8unorm(vec4<f32>(expectedOf(toOklab(255.0 * own.xyz)) / 255.0, own.w));
      }
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
      const { deviation, isCut, ...layout } = attrs as unknown as ExpectedTexelsAttrs;
      const uniforms = { ...layout, height, rowTexels, twiceVariance: 2 * deviation ** 2, isCut: Number(isCut) };
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
