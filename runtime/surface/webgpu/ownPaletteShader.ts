// What `ownPalette` does, as a compute pass of one workgroup. It agrees with the CPU to the last bit, because it sums whole
// numbers and takes the first of several equal ones, whatever the order of its threads.

import type { Oklab } from '../../core/oklab.ts';
import { OWN_PALETTE, WHOLE_LMS, WHOLE_OKLAB } from '../ownPalette.ts';

/** One for each colour that a palette may have. */
const NUM_THREADS = OWN_PALETTE.maxColours;

/** The samples' Oklab and what is noted of each. */
export const SAMPLES_BYTES = 16 * OWN_PALETTE.maxGridSide ** 2;

const row = (weights: Oklab, type: string) => `vec3<${type}>(${weights.join(', ')})`;

/** The pass `choose`, which goes with uniforms, `source`, `bytesOf` and `toOklab` of the module that it is part of. */
export const OWN_PALETTE_SHADER = `
  @group(0) @binding(5) var<storage, read> wholeLight: array<u32, 256>;
  /** Each sample's Oklab, and its distance to the nearest colour, later the number of its group; −1 means that it does not count. */
  @group(0) @binding(6) var<storage, read_write> samples: array<vec4<i32>>;
  @group(0) @binding(7) var<storage, read_write> chosen: array<vec4<f32>>;

  const NONE = 0xffffffffu;
  var<workgroup> centres: array<vec3<i32>, ${NUM_THREADS}>;
  /** Each group's sums of Oklab, and the number of its members. */
  var<workgroup> sums: array<array<atomic<i32>, 4>, ${NUM_THREADS}>;
  /** The least that was offered for each colour, and the first sample that offered it. */
  var<workgroup> least: array<atomic<u32>, ${NUM_THREADS}>;
  var<workgroup> first: array<atomic<u32>, ${NUM_THREADS}>;

  fn wholeRoot(value: u32) -> i32 {
    var root = u32(32.0 * pow(f32(max(value, 1u)), 1.0 / 3.0)) + 1u;
    loop {
      let square = root * root;
      let cube = (square >> 15u) * root + (((square & 0x7fffu) * root) >> 15u);
      if (cube <= value) { break; }
      root--;
    }
    return i32(root);
  }

  fn toWholeOklab(bytes: vec3<f32>) -> vec3<i32> {
    let light = vec3<u32>(wholeLight[u32(bytes.r)], wholeLight[u32(bytes.g)], wholeLight[u32(bytes.b)]);
    let roots = vec3<i32>(${WHOLE_LMS.map((lms) => `wholeRoot(dot(${row(lms, 'u32')}, light))`).join(', ')});
    return vec3<i32>(${WHOLE_OKLAB.map((lab) => `dot(${row(lab, 'i32')}, roots) >> 14u`).join(', ')});
  }

  fn numSamples() -> u32 {
    let grid = gridSize();
    return grid.x * grid.y;
  }

  fn gridSize() -> vec2<u32> {
    return textureDimensions(source) / gridStep();
  }

  fn gridStep() -> vec2<u32> {
    return (textureDimensions(source) + ${OWN_PALETTE.maxGridSide - 1}u) / ${OWN_PALETTE.maxGridSide}u;
  }

  /** The bytes of a sample's pixel; rows are those of the picture. */
  fn sampledBytes(i: u32) -> vec4<f32> {
    let grid = gridSize();
    let place = gridStep() * vec2<u32>(i % grid.x, i / grid.x) + gridStep() / 2u;
    let y = select(place.y, textureDimensions(source).y - 1u - place.y, uniforms.flipY == 1u);
    return bytesOf(i32(place.x), i32(y));
  }

  fn distanceTo(centre: vec3<i32>, i: u32) -> u32 {
    let difference = samples[i].xyz - centre;
    return u32(dot(difference, difference));
  }

  fn addTo(group: u32, lab: vec3<i32>) {
    for (var c = 0u; c < 3u; c++) { atomicAdd(&sums[group][c], lab[c]); }
    atomicAdd(&sums[group][3], 1);
  }

  /** Moves a group to its mean, if it has members, and forgets them. */
  fn moveToMean(group: u32) {
    let count = atomicExchange(&sums[group][3], 0);
    var mean = vec3<i32>(0);
    for (var c = 0u; c < 3u; c++) { mean[c] = atomicExchange(&sums[group][c], 0) / max(count, 1); }
    if (count > 0) { centres[group] = mean; }
  }

  fn claim(colour: u32, offered: u32, i: u32) {
    if (offered == atomicLoad(&least[colour])) { atomicMin(&first[colour], i); }
  }

  fn forget(colour: u32) {
    atomicStore(&least[colour], NONE);
    atomicStore(&first[colour], NONE);
  }

  /** palette: for each colour its Oklab, then its bytes. A colour that nothing is near to is far from everything. */
  fn writeColour(colour: u32) {
    let i = atomicLoad(&first[colour]);
    var bytes = vec3<f32>(0.0);
    var lab = vec3<f32>(1e9);
    if (i != NONE) {
      bytes = sampledBytes(i).rgb;
      lab = toOklab(bytes);
    }
    chosen[2u * colour] = vec4<f32>(lab, 0.0);
    chosen[2u * colour + 1u] = vec4<f32>(bytes, 0.0);
  }

  @compute @workgroup_size(${NUM_THREADS})
  fn choose(@builtin(local_invocation_index) thread: u32) {
    let end = numSamples();
    forget(thread);
    for (var i = thread; i < end; i += ${NUM_THREADS}u) {
      let bytes = sampledBytes(i);
      let counts = bytes.a >= ${OWN_PALETTE.minAlpha}.0;
      samples[i] = vec4<i32>(toWholeOklab(bytes.rgb), select(-1, 0, counts));
      if (counts) { addTo(0u, samples[i].xyz); }
    }
    workgroupBarrier();
    if (thread == 0u) { moveToMean(0u); }
    workgroupBarrier();

    // The first colour is the farthest from the mean, and each other one the farthest from those before it.
    for (var colour = 0u; colour < uniforms.numColours; colour++) {
      for (var i = thread; i < end; i += ${NUM_THREADS}u) {
        if (samples[i].w < 0) { continue; }
        let distance = i32(distanceTo(centres[max(colour, 1u) - 1u], i));
        samples[i].w = select(distance, min(samples[i].w, distance), colour > 1u);
        atomicMin(&least[colour], NONE - u32(samples[i].w));
      }
      workgroupBarrier();
      for (var i = thread; i < end; i += ${NUM_THREADS}u) {
        if (samples[i].w >= 0) { claim(colour, NONE - u32(samples[i].w), i); }
      }
      storageBarrier();
      workgroupBarrier();
      if (thread == 0u) { centres[colour] = samples[min(atomicLoad(&first[colour]), end - 1u)].xyz; }
      workgroupBarrier();
    }

    for (var round = 0u; round < ${OWN_PALETTE.numRounds}u; round++) {
      for (var i = thread; i < end; i += ${NUM_THREADS}u) {
        if (samples[i].w < 0) { continue; }
        var group = 0u;
        var distance = NONE;
        for (var colour = 0u; colour < uniforms.numColours; colour++) {
          let other = distanceTo(centres[colour], i);
          if (other < distance) {
            group = colour;
            distance = other;
          }
        }
        samples[i].w = i32(group);
        addTo(group, samples[i].xyz);
      }
      workgroupBarrier();
      moveToMean(thread);
      workgroupBarrier();
    }

    forget(thread);
    workgroupBarrier();
    for (var i = thread; i < end; i += ${NUM_THREADS}u) {
      let group = samples[i].w;
      if (group >= 0) { atomicMin(&least[group], distanceTo(centres[group], i)); }
    }
    workgroupBarrier();
    for (var i = thread; i < end; i += ${NUM_THREADS}u) {
      let group = samples[i].w;
      if (group >= 0) { claim(u32(group), distanceTo(centres[group], i), i); }
    }
    workgroupBarrier();
    if (thread < uniforms.numColours) { writeColour(thread); }
  }
`;
