/**
 * `toOklab` of surface/palette.ts in WGSL, for compute shaders: `toOklab(bytes: vec3<f32>) -> vec3<f32>`, of sRGB values from
 * 0 to 255. It computes with 32 bits: a result lies about a millionth beside that of the CPU.
 */
export const OKLAB_SHADER = `
  fn toOklab(bytes: vec3<f32>) -> vec3<f32> {
    let coded = bytes / 255.0;
    let linear = select(pow((coded + 0.055) / 1.055, vec3<f32>(2.4)), coded / 12.92, coded <= vec3<f32>(0.04045));
    let lms = mat3x3<f32>(
      0.4122214708, 0.2119034982, 0.0883024619,
      0.5363325363, 0.6806995451, 0.2817188376,
      0.0514459929, 0.1073969566, 0.6299787005,
    ) * linear;
    return mat3x3<f32>(
      0.2104542553, 1.9779984951, 0.0259040371,
      0.793617785, -2.428592205, 0.7827717662,
      -0.0040720468, 0.4505937099, -0.808675766,
    ) * pow(lms, vec3<f32>(1.0 / 3.0));
  }
`;
