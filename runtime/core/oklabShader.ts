import { type Oklab, RGB_TO_LMS, ROOTS_TO_OKLAB } from './oklab.ts';

/** WGSL takes a matrix column by column, so that its rows make the transpose: a vector is multiplied from the left. */
const transposed = (rows: readonly Oklab[]) => `mat3x3<f32>(${rows.join()})`;

/**
 * `toOklab` in WGSL, for compute shaders: `toOklab(bytes: vec3<f32>) -> vec3<f32>`, of sRGB values from 0 to 255. It computes
 * with 32 bits: a result lies about a millionth beside that of the CPU.
 */
export const OKLAB_SHADER = `
  fn toOklab(bytes: vec3<f32>) -> vec3<f32> {
    let coded = bytes / 255.0;
    let linear = select(pow((coded + 0.055) / 1.055, vec3<f32>(2.4)), coded / 12.92, coded <= vec3<f32>(0.04045));
    let lms = linear * ${transposed(RGB_TO_LMS)};
    return pow(lms, vec3<f32>(1.0 / 3.0)) * ${transposed(ROOTS_TO_OKLAB)};
  }
`;
