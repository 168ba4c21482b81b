// The convolution of a plan, as a product of matrices: rows are pixels of the output, columns its channels, and what is summed
// over are the filter's taps times the input's channels. Small maps make few tiles, so a tile has few pixels. What a tile has
// beyond the last pixel and channel is loaded from wherever WebGPU lets a shader read, and never written; summands beyond the last
// are 0 in the image.

import { convOutSize } from '../../conv2d.ts';
import type { Program } from '../../webgpu/context.ts';
import { type Lanes, lanesFor } from '../../webgpu/context.ts';
import { channelsOf, type Node, sizeOf, type Value } from '../graph.ts';
import type { View } from '../layout.ts';
import type { Command } from './command.ts';
import { type ConvProblem, numWorkgroupsFor, SIDE, TILE_CHANNELS, type Tile, type Tiling } from './tiling.ts';

const UNIFORMS = {
  numPixels: 'i32',
  depth: 'i32',
  cin: 'i32',
  cout: 'i32',
  height: 'i32',
  width: 'i32',
  outHeight: 'i32',
  outWidth: 'i32',
  kernelWidth: 'i32',
  stride: 'i32',
  top: 'i32',
  left: 'i32',
  xOffset: 'i32',
  xStride: 'i32',
  yOffset: 'i32',
  yStride: 'i32',
} as const;

interface ConvVariant {
  lanes: Lanes;
  tile: Tile;
  /** Whether the summands are taken tap by tap, and not as they lie in the filter. */
  isByTap: boolean;
  circular: boolean;
  upsample: boolean;
  bias: boolean;
  addend: 'image' | 'pixel' | null;
  scaled: boolean;
  silu: boolean;
}

/** Four values of the innermost size from `at` on; beyond the last of `count` they are 0. */
function loadSource(lanes: Lanes, name: string, buffer: string): string {
  if (lanes === 4) return `fn ${name}(at: i32, count: i32) -> vec4<f32> { return ${buffer}[u32(at) / 4u]; }`;
  return `
    fn ${name}(at: i32, count: i32) -> vec4<f32> {
      var values = vec4<f32>(0.0);
      for (var i = 0; i < min(count, 4); i++) { values[i] = ${buffer}[at + i]; }
      return values;
    }
  `;
}

/** Where a coordinate of the filter falls in an image of this size; -1 outside. */
function coordinateSource({ circular, upsample }: ConvVariant): string {
  const doubled = upsample ? '2 * size' : 'size';
  const halved = upsample ? 'inside / 2' : 'inside';
  return `
    fn placeIn(at: i32, size: i32) -> i32 {
      let whole = ${doubled};
      ${circular ? 'let inside = ((at % whole) + whole) % whole;' : 'let inside = at; if (at < 0 || at >= whole) { return -1; }'}
      return ${halved};
    }
  `;
}

/** Loads of summands of one pixel: of the tap of each summand, or of one tap. */
function imageSource(variant: ConvVariant): string {
  const place = `
    /** Where the tap of a pixel lies; -1 outside of the image. */
    fn placeOf(origin: vec3<i32>, tap: i32) -> i32 {
      let row = placeIn(origin.y + tap / uniforms.kernelWidth, uniforms.height);
      let column = placeIn(origin.z + tap % uniforms.kernelWidth, uniforms.width);
      if (row < 0 || column < 0) { return -1; }
      return uniforms.xOffset + ((origin.x + row) * uniforms.width + column) * uniforms.xStride;
    }`;
  if (variant.isByTap) {
    return `${place}
    fn loadPlace(place: i32, c: i32) -> vec4<f32> {
      if (place < 0 || c >= uniforms.cin) { return vec4<f32>(0.0); }
      return x[u32(place + c) / 4u];
    }`;
  }
  const load = (type: string, value: (at: string) => string) => `${place}
    fn load${variant.lanes}(origin: vec3<i32>, k: i32) -> ${type} {
      if (k >= uniforms.depth) { return ${type}(0.0); }
      let place = placeOf(origin, k / uniforms.cin);
      if (place < 0) { return ${type}(0.0); }
      return ${value('place + k % uniforms.cin')};
    }`;
  if (variant.lanes === 4) {
    return `${load('vec4<f32>', (at) => `x[u32(${at}) / 4u]`)}
    fn loadX(origin: vec3<i32>, k: i32) -> vec4<f32> { return load4(origin, k); }`;
  }
  return `${load('f32', (at) => `x[${at}]`)}
    fn loadX(origin: vec3<i32>, k: i32) -> vec4<f32> {
      var values = vec4<f32>(0.0);
      for (var i = 0; i < 4; i++) { values[i] = load1(origin, k + i); }
      return values;
    }`;
}

const ADDEND_UNIFORMS = { addOffset: 'i32', addStride: 'i32', addDivisor: 'i32' } as const;

function endSource({ lanes, bias, addend, scaled, silu }: ConvVariant): string {
  return `
    ${bias ? 'sum += loadBias(channel, left);' : ''}
    ${addend ? 'sum += loadAddend(uniforms.addOffset + (pixel / uniforms.addDivisor) * uniforms.addStride + channel, left);' : ''}
    ${scaled ? 'sum *= uniforms.scale;' : ''}
    ${silu ? 'sum *= 1.0 / (1.0 + exp(min(-sum, vec4<f32>(80.0))));' : ''}
    let at = uniforms.yOffset + pixel * uniforms.yStride + channel;
    ${lanes === 4 ? 'y[u32(at) / 4u] = sum;' : 'for (var c = 0; c < min(left, 4); c++) { y[at + c] = sum[c]; }'}
  `;
}

/** The programs that were built, since a source takes longer to build than to look up. */
const programs = new Map<string, Program>();

function convProgram(variant: ConvVariant): Program {
  const key = `plan conv ${JSON.stringify(variant)}`;
  const program = programs.get(key) ?? newProgram(key, variant);
  programs.set(key, program);
  return program;
}

function newProgram(key: string, variant: ConvVariant): Program {
  const { lanes, tile, isByTap, bias, addend, scaled } = variant;
  const { quads, numImage, numMatrix } = sizesOf(tile);
  return {
    key,
    lanes,
    inputs: {
      x: 'Value',
      filterValues: 'Value',
      ...(bias ? { bias: 'Value' as const } : {}),
      ...(addend ? { addend: 'Value' as const } : {}),
    },
    outputs: { y: 'Value' },
    uniforms: {
      ...UNIFORMS,
      ...(addend ? ADDEND_UNIFORMS : {}),
      ...(scaled ? { scale: 'f32' as const } : {}),
    },
    // With columns and rows, so that a compiler sees which threads read the same pixels: on a CPU that saves a third of the time.
    workgroupSize: [SIDE, SIDE, tile.parts],
    code: `
      var<workgroup> image: array<vec4<f32>, ${tile.parts * numImage}>;
      var<workgroup> matrix: array<vec4<f32>, ${tile.parts * numMatrix}>;
      ${coordinateSource(variant)}
      ${imageSource(variant)}
      ${loadSource(lanes, 'loadFilter', 'filterValues')}
      ${bias ? loadSource(lanes, 'loadBias', 'bias') : ''}
      ${addend ? loadSource(lanes, 'loadAddend', 'addend') : ''}

      /** The row, as counted over all images, and column of the filter's first tap for a pixel; y and z within the image. */
      fn originOf(pixel: i32) -> vec3<i32> {
        let within = pixel % (uniforms.outHeight * uniforms.outWidth);
        let image = pixel / (uniforms.outHeight * uniforms.outWidth);
        return vec3<i32>(
          image * uniforms.height,
          (within / uniforms.outWidth) * uniforms.stride - uniforms.top,
          (within % uniforms.outWidth) * uniforms.stride - uniforms.left,
        );
      }

      fn main(group: i32, local: vec3<i32>) {
        let column = local.x;
        let row = local.y;
        let slot = row * ${SIDE} + column;
        let imageAt = local.z * ${numImage};
        let matrixAt = local.z * ${numMatrix};
        let numTiles = (uniforms.cout + ${TILE_CHANNELS - 1}) / ${TILE_CHANNELS};
        let firstPixel = (group / numTiles) * ${SIDE * tile.rows};
        let channel = (group % numTiles) * ${TILE_CHANNELS} + column * 4;
        let left = uniforms.cout - channel;
        let loadedPixel = firstPixel + slot / ${quads};
        let ahead = local.z * ${tile.depth} + (column % ${quads}) * 4;
        ${overLoads(tile, (i) => `let origin${i} = originOf(loadedPixel + ${(THREADS / quads) * i});`)}
        ${overRows(tile, (i) => `var sum${i} = vec4<f32>(0.0);`)}
        ${isByTap ? tapLoop(tile) : flatLoop(tile)}
        ${addParts(tile)}
        var sums = array<vec4<f32>, ${tile.rows}>(${Array.from({ length: tile.rows }, (_, i) => `sum${i}`)});
        for (var i = 0; i < ${tile.rows}; i++) { finish(firstPixel + row + ${SIDE} * i, channel, left, sums[i]); }
      }

      fn finish(pixel: i32, channel: i32, left: i32, total: vec4<f32>) {
        if (pixel >= uniforms.numPixels || left <= 0) { return; }
        var sum = total;
        ${endSource(variant)}
      }
    `,
  };
}

/** Threads that share a part of the summands. */
const THREADS = SIDE * SIDE;

/** Groups of four summands in a tile, and of four values in what a part of the threads holds of image and filter. */
function sizesOf({ rows, depth }: Tile): { quads: number; numImage: number; numMatrix: number } {
  const quads = depth / 4;
  return { quads, numImage: SIDE * rows * quads, numMatrix: depth * SIDE };
}

const times = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');

const overRows = ({ rows }: Tile, line: (i: number) => string) => times(rows, line);

/** Code for all loads that one thread makes of the image. */
const overLoads = (tile: Tile, load: (i: number) => string) => times(Math.ceil(sizesOf(tile).numImage / THREADS), load);

/** Each thread puts four summands of one pixel into `image`, and of some pixels after it. */
function imageTile(tile: Tile, load: (i: number) => string): string {
  const { numImage } = sizesOf(tile);
  const loads = overLoads(tile, (i) => `image[imageAt + slot + ${THREADS * i}] = ${load(i)};`);
  return numImage < THREADS ? `if (row < ${numImage / SIDE}) { ${loads} }` : loads;
}

/** Each thread puts four channels of some summands into `matrix`, from this row of the filter on. */
function filterTile({ depth }: Tile, firstRow: string): string {
  const load = (i: number) => `loadFilter((${firstRow} + row + ${SIDE * i}) * uniforms.cout + channel, left)`;
  return times(depth / SIDE, (i) => `matrix[matrixAt + slot + ${THREADS * i}] = ${load(i)};`);
}

/** The products of what is in `image` and `matrix`. */
function products(tile: Tile): string {
  const { quads } = sizesOf(tile);
  return `
    for (var kk = 0; kk < ${quads}; kk++) {
      let at = matrixAt + kk * ${4 * SIDE} + column;
      let w0 = matrix[at];
      let w1 = matrix[at + ${SIDE}];
      let w2 = matrix[at + ${2 * SIDE}];
      let w3 = matrix[at + ${3 * SIDE}];
      ${overRows(tile, (i) => `let a${i} = image[imageAt + (row + ${SIDE * i}) * ${quads} + kk];`)}
      ${overRows(tile, (i) => `sum${i} += a${i}.x * w0 + a${i}.y * w1 + a${i}.z * w2 + a${i}.w * w3;`)}
    }`;
}

/** Over all summands as they lie in the filter: of few channels, several taps are in one tile. */
function flatLoop(tile: Tile): string {
  return `
    for (var first = 0; first < uniforms.depth; first += ${tile.parts * tile.depth}) {
      workgroupBarrier();
      ${imageTile(tile, (i) => `loadX(origin${i}, first + ahead)`)}
      ${filterTile(tile, `first + local.z * ${tile.depth}`)}
      workgroupBarrier();
      ${products(tile)}
    }`;
}

/** Over the taps and, within each, over the channels, so that the place of a pixel is found once for a tap. */
function tapLoop(tile: Tile): string {
  return `
    for (var tap = 0; tap < uniforms.depth / uniforms.cin; tap++) {
      ${overLoads(tile, (i) => `let place${i} = placeOf(origin${i}, tap);`)}
      for (var first = 0; first < uniforms.cin; first += ${tile.parts * tile.depth}) {
        workgroupBarrier();
        ${imageTile(tile, (i) => `loadPlace(place${i}, first + ahead)`)}
        ${filterTile(tile, `tap * uniforms.cin + first + local.z * ${tile.depth}`)}
        workgroupBarrier();
        ${products(tile)}
      }
    }`;
}

/** The sums of all parts, added up by the threads of the first one; the others are done. */
function addParts(tile: Tile): string {
  if (tile.parts === 1) return '';
  const at = (part: number | string, i: number) => `matrix[(${part} * ${tile.rows} + ${i}) * ${THREADS} + slot]`;
  return `
    workgroupBarrier();
    ${overRows(tile, (i) => `${at('local.z', i)} = sum${i};`)}
    workgroupBarrier();
    if (local.z > 0) { return; }
    ${overRows(tile, (i) => times(tile.parts - 1, (part) => `sum${i} += ${at(part + 1, i)};`))}`;
}

/** Whether a tile takes the channels of one tap at a time, of which there are enough. */
const isByTap = ({ depth, parts, isFlat }: Tile, lanes: Lanes, cin: number) =>
  !isFlat && lanes === 4 && cin >= parts * depth;

/** @param viewOf where each value lies */
export function convCommand(node: ConvNode, viewOf: (value: Value) => View, tiling: Tiling): Command {
  const { attrs, output } = node;
  const [x, filter, bias, addend] = node.inputs as [Value, Value, Value | null, Value | null];
  const views: ConvViews = { x: viewOf(x), y: viewOf(output), addend: addend && viewOf(addend) };
  const [cin, cout] = [channelsOf(x), channelsOf(output)];
  const used = [views.x, views.y, ...(views.addend ? [views.addend] : [])];
  const lanes = lanesFor(cin, cout, ...used.flatMap(({ offset, stride }) => [offset, stride]));
  const variant: Omit<ConvVariant, 'tile' | 'isByTap'> = {
    lanes,
    circular: attrs.circular,
    upsample: attrs.upsample,
    bias: bias !== null,
    addend: attrs.addend,
    scaled: attrs.scale !== 1,
    silu: attrs.silu,
  };
  const problem = problemOf(node);
  tiling.note(problem);
  const versions = tiling.tilesFor(problem).map((tile) => ({
    program: convProgram({ ...variant, tile, isByTap: isByTap(tile, lanes, cin) }),
    numWorkgroups: numWorkgroupsFor(tile, sizeOf(output) / cout, cout),
  }));
  return {
    ...versions[0]!,
    versions,
    chosen: () => tiling.choice(problem),
    inputs: [x, filter, ...(bias ? [bias] : []), ...(addend ? [addend] : [])].map((value) => viewOf(value).store),
    output: views.y.store,
    factors: [],
    uniforms: uniformsOf(problem, views),
  };
}

type ConvNode = Node & { kind: 'conv' };

/** Where the image lies, what is made of it, and what is added to that. */
interface ConvViews {
  x: View;
  y: View;
  addend: View | null;
}

/** What is computed. The output may have another shape, of as many values: that in which it is needed next. */
function problemOf({ attrs, inputs }: ConvNode): ConvProblem {
  const [x, filter, bias] = inputs as [Value, Value, Value | null];
  const [numImages, height, width, cin] = x.shape as [number, number, number, number];
  const [kernelHeight, kernelWidth, , cout] = filter.shape as [number, number, number, number];
  const { padding, stride, upsample } = attrs;
  const { top, bottom, left, right } = padding;
  const scale = upsample ? 2 : 1;
  const to = [
    convOutSize(scale * height, top, bottom, kernelHeight, stride),
    convOutSize(scale * width, left, right, kernelWidth, stride),
    cout,
  ];
  return { numImages, from: [height, width, cin], to, filter: filter.shape, attrs, hasBias: bias !== null };
}

function uniformsOf({ numImages, from, to, filter, attrs }: ConvProblem, { x, y, addend }: ConvViews) {
  const [height, width, cin] = from as [number, number, number];
  const [outHeight, outWidth, cout] = to as [number, number, number];
  const [kernelHeight, kernelWidth] = filter as [number, number];
  return {
    numPixels: numImages * outHeight * outWidth,
    depth: kernelHeight * kernelWidth * cin,
    cin,
    cout,
    height,
    width,
    outHeight,
    outWidth,
    kernelWidth,
    stride: attrs.stride,
    top: attrs.padding.top,
    left: attrs.padding.left,
    xOffset: x.offset,
    xStride: x.stride,
    yOffset: y.offset,
    yStride: y.stride,
    ...(addend && {
      addOffset: addend.offset,
      addStride: addend.stride,
      addDivisor: attrs.addend === 'image' ? outHeight * outWidth : 1,
    }),
    scale: attrs.scale,
  };
}
