// The WGSL of surface maps: what height.ts, normals.ts, ambientOcclusion.ts, cavity.ts and metallicRoughness.ts compute.
import { NUM_DIRECTIONS } from '../ambientOcclusion.ts';
import { BRIGHT_GAPS_SKEWNESS, HEIGHT_RANGE, LUMA_WEIGHTS, MIN_CONTRAST } from '../height.ts';
import { MIN_ROUGHNESS, RUST_BEGINS, RUST_IS_SURE } from '../metallicRoughness.ts';
import { SCHARR_MIDDLE, SCHARR_SIDE } from '../normals.ts';

/** Threads along each side of a workgroup of texels. */
export const WORKGROUP_SIDE = 8;
/** Threads of the one workgroup that sums over the picture. */
const SUM_THREADS = 256;

/** In the order of the uniform buffer, after the size; all float32. */
export const UNIFORM_NAMES = [
  'grain',
  'plateau',
  'rareIsLow',
  'depthPx',
  'greenSign',
  'cavityStrength',
  'roughness',
  'wear',
  'metallic',
  'rust',
  'isGenerated',
] as const;

export type UniformName = (typeof UNIFORM_NAMES)[number];

/** Entry points, and the bindings that each uses. */
export const PASSES = {
  luma: [0, 1, 7],
  blurRows: [0, 2, 3, 7],
  blurColumns: [0, 2, 3, 7],
  statistics: [0, 3, 4, 7],
  height: [0, 2, 3, 4, 5, 7],
  normal: [0, 2, 8],
  orm: [0, 1, 2, 3, 4, 8],
} as const;

export type Pass = keyof typeof PASSES;

const float = (value: number) => (Number.isInteger(value) ? `${value}.0` : `${value}`);

/**
 * Binding 1 is the picture; or, where maps are generated, those: height, roughness, metallic, of the picture's size or smaller by a
 * whole factor. Bindings 2 … 5 are planes, or the weights of a blur, the offsets of a horizon and the
 * statistics of a relief.
 */
export const SURFACE_SHADER = `
  struct Uniforms { size: vec2<i32>, ${UNIFORM_NAMES.map((name) => `${name}: f32`).join(', ')} }
  @group(0) @binding(0) var<uniform> uniforms: Uniforms;
  @group(0) @binding(1) var albedo: texture_2d<f32>;
  @group(0) @binding(2) var<storage, read> first: array<f32>;
  @group(0) @binding(3) var<storage, read> second: array<f32>;
  @group(0) @binding(4) var<storage, read> third: array<f32>;
  @group(0) @binding(5) var<storage, read> fourth: array<f32>;
  @group(0) @binding(7) var<storage, read_write> written: array<f32>;
  @group(0) @binding(8) var texels: texture_storage_2d<rgba8unorm, write>;

  fn wrapped(coordinate: i32, length: i32) -> i32 {
    return ((coordinate % length) + length) % length;
  }

  fn placeOf(x: i32, y: i32) -> i32 {
    return wrapped(y, uniforms.size.y) * uniforms.size.x + wrapped(x, uniforms.size.x);
  }

  fn isOutside(id: vec3<u32>) -> bool {
    return any(vec2<i32>(id.xy) >= uniforms.size);
  }

  fn toBytes(values: vec4<f32>) -> vec4<f32> {
    return floor(clamp(values, vec4<f32>(0.0), vec4<f32>(1.0)) * 255.0 + 0.5) / 255.0;
  }

  /** The texel of the picture, or of the generated maps. */
  fn texelAt(id: vec3<u32>) -> vec4<f32> {
    return textureLoad(albedo, id.xy * textureDimensions(albedo) / vec2<u32>(uniforms.size), 0);
  }

  /** Luma, or the generated height. */
  @compute @workgroup_size(${WORKGROUP_SIDE}, ${WORKGROUP_SIDE})
  fn luma(@builtin(global_invocation_id) id: vec3<u32>) {
    if (isOutside(id)) { return; }
    let texel = texelAt(id);
    let luma = dot(texel.rgb, vec3<f32>(${LUMA_WEIGHTS.join(', ')})) * texel.a;
    written[placeOf(i32(id.x), i32(id.y))] = select(luma, texel.r, uniforms.isGenerated > 0.5);
  }

  /** first: weights; second: the plane. */
  fn blurred(id: vec3<u32>, step: vec2<i32>) -> f32 {
    let radius = (i32(arrayLength(&first)) - 1) / 2;
    var sum = 0.0;
    for (var k = -radius; k <= radius; k++) {
      let there = vec2<i32>(id.xy) + k * step;
      sum += first[k + radius] * second[placeOf(there.x, there.y)];
    }
    return sum;
  }

  @compute @workgroup_size(${WORKGROUP_SIDE}, ${WORKGROUP_SIDE})
  fn blurRows(@builtin(global_invocation_id) id: vec3<u32>) {
    if (isOutside(id)) { return; }
    written[placeOf(i32(id.x), i32(id.y))] = blurred(id, vec2<i32>(1, 0));
  }

  @compute @workgroup_size(${WORKGROUP_SIDE}, ${WORKGROUP_SIDE})
  fn blurColumns(@builtin(global_invocation_id) id: vec3<u32>) {
    if (isOutside(id)) { return; }
    written[placeOf(i32(id.x), i32(id.y))] = blurred(id, vec2<i32>(0, 1));
  }

  var<workgroup> sums: array<vec2<f32>, ${SUM_THREADS}>;

  /** The sum of what all threads bring. */
  fn total(local: u32, value: vec2<f32>) -> vec2<f32> {
    workgroupBarrier();
    sums[local] = value;
    for (var reach = ${SUM_THREADS / 2}u; reach > 0u; reach /= 2u) {
      workgroupBarrier();
      if (local < reach) { sums[local] += sums[local + reach]; }
    }
    return workgroupUniformLoad(&sums[0]);
  }

  /** second: smooth; third: wide; written: what the relief is multiplied by. */
  @compute @workgroup_size(${SUM_THREADS})
  fn statistics(@builtin(local_invocation_index) local: u32) {
    let count = u32(uniforms.size.x * uniforms.size.y);
    var sum = 0.0;
    for (var i = local; i < count; i += ${SUM_THREADS}u) { sum += second[i] - third[i]; }
    let mean = total(local, vec2<f32>(sum, 0.0)).x / f32(count);
    var moments = vec2<f32>(0.0);
    for (var i = local; i < count; i += ${SUM_THREADS}u) {
      let distance = second[i] - third[i] - mean;
      moments += vec2<f32>(distance * distance, distance * distance * distance);
    }
    moments = total(local, moments) / f32(count);
    let deviation = sqrt(moments.x);
    let skewness = select(moments.y / (deviation * deviation * deviation), 0.0, deviation < 1e-6);
    let isFlipped = uniforms.rareIsLow > 0.5 && skewness > ${float(BRIGHT_GAPS_SKEWNESS)};
    if (local == 0u) { written[0] = select(1.0, -1.0, isFlipped) / max(deviation, ${float(MIN_CONTRAST)}); }
  }

  /** first: luma; second: smooth; third: wide; fourth: the statistics. */
  @compute @workgroup_size(${WORKGROUP_SIDE}, ${WORKGROUP_SIDE})
  fn height(@builtin(global_invocation_id) id: vec3<u32>) {
    if (isOutside(id)) { return; }
    let i = placeOf(i32(id.x), i32(id.y));
    let x = fourth[0] * (second[i] - third[i] + uniforms.grain * (first[i] - second[i]));
    let flattened = x / (1.0 + uniforms.plateau * max(x, 0.0));
    written[i] = clamp(0.5 + flattened / ${float(2 * HEIGHT_RANGE)}, 0.0, 1.0);
  }

  /** first: height. */
  @compute @workgroup_size(${WORKGROUP_SIDE}, ${WORKGROUP_SIDE})
  fn normal(@builtin(global_invocation_id) id: vec3<u32>) {
    if (isOutside(id)) { return; }
    let x = i32(id.x);
    let y = i32(id.y);
    let topLeft = first[placeOf(x - 1, y - 1)];
    let topRight = first[placeOf(x + 1, y - 1)];
    let bottomLeft = first[placeOf(x - 1, y + 1)];
    let bottomRight = first[placeOf(x + 1, y + 1)];
    let across = first[placeOf(x + 1, y)] - first[placeOf(x - 1, y)];
    let along = first[placeOf(x, y + 1)] - first[placeOf(x, y - 1)];
    let right = ${float(SCHARR_SIDE)} * (topRight - topLeft + bottomRight - bottomLeft) + ${float(SCHARR_MIDDLE)} * across;
    let down = ${float(SCHARR_SIDE)} * (bottomLeft - topLeft + bottomRight - topRight) + ${float(SCHARR_MIDDLE)} * along;
    let leaning = uniforms.depthPx * vec3<f32>(-right, uniforms.greenSign * down, 0.0);
    let direction = normalize(leaning + vec3<f32>(0.0, 0.0, 1.0));
    textureStore(texels, id.xy, toBytes(vec4<f32>(0.5 + 0.5 * direction, first[placeOf(x, y)])));
  }

  /** How much of the light of one direction does not pass over a horizon that rises so steeply. */
  fn shade(steepest: f32) -> f32 {
    return 1.0 - 1.0 / (1.0 + steepest * steepest);
  }

  /** first: height; third: offsets as four floats each: dx, dy, distance, direction. A direction without offsets is open. */
  fn occlusion(id: vec3<u32>) -> f32 {
    let here = first[placeOf(i32(id.x), i32(id.y))];
    var shaded = 0.0;
    var steepest = 0.0;
    var direction = 0.0;
    for (var i = 0u; i < arrayLength(&third); i += 4u) {
      if (third[i + 3u] != direction) {
        shaded += shade(steepest);
        steepest = 0.0;
        direction = third[i + 3u];
      }
      let there = first[placeOf(i32(id.x) + i32(third[i]), i32(id.y) + i32(third[i + 1u]))];
      steepest = max(steepest, uniforms.depthPx * (there - here) / third[i + 2u]);
    }
    return 1.0 - (shaded + shade(steepest)) / ${float(NUM_DIRECTIONS)};
  }

  fn metalOf(colour: vec3<f32>) -> f32 {
    let brightest = max(colour.r, max(colour.g, colour.b));
    let darkest = min(colour.r, min(colour.g, colour.b));
    let saturation = (brightest - darkest) / max(brightest, 1.0 / 255.0);
    return uniforms.metallic * (1.0 - uniforms.rust * smoothstep(${float(RUST_BEGINS)}, ${float(RUST_IS_SURE)}, saturation));
  }

  /** first: height; second: height around; third: offsets. */
  @compute @workgroup_size(${WORKGROUP_SIDE}, ${WORKGROUP_SIDE})
  fn orm(@builtin(global_invocation_id) id: vec3<u32>) {
    if (isOutside(id)) { return; }
    let i = placeOf(i32(id.x), i32(id.y));
    let cavity = 0.5 + uniforms.cavityStrength * (first[i] - second[i]);
    let texel = texelAt(id);
    let isGenerated = uniforms.isGenerated > 0.5;
    let rough = select(uniforms.roughness + uniforms.wear * (0.5 - first[i]), texel.g, isGenerated);
    let metal = select(metalOf(texel.rgb), texel.b, isGenerated);
    let roughness = clamp(rough, ${float(MIN_ROUGHNESS)}, 1.0);
    textureStore(texels, id.xy, toBytes(vec4<f32>(occlusion(id), roughness, metal, cavity)));
  }
`;
