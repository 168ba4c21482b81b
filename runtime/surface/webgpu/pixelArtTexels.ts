// What `pixelArt` does, texture to texture on the GPU.

import { definedOf } from '../../core/definedOf.ts';
import { type Oklab, toOklab } from '../../core/oklab.ts';
import { OKLAB_SHADER } from '../../core/oklabShader.ts';
import { WHOLE_LIGHT } from '../ownPalette.ts';
import { BAYER_SIDE, ditherOffsets, parsePalette } from '../palette.ts';
import { checkColours, checkScaleOptions, PIXEL_ART_DEFAULTS, type PixelArtOptions } from '../pixelArt.ts';
import { OWN_PALETTE_SHADER, SAMPLES_BYTES } from './ownPaletteShader.ts';
import { compileOnce, type Pipelines } from './pipelines.ts';

const LABEL = 'figment pixel art';
const WORKGROUP_SIDE = 8;

const SHADER = `
  struct Uniforms { numColours: u32, flipY: u32, wraps: u32, tolerance: f32 }
  @group(0) @binding(0) var<uniform> uniforms: Uniforms;
  @group(0) @binding(1) var source: texture_2d<f32>;
  @group(0) @binding(2) var texels: texture_storage_2d<rgba8unorm, write>;
  @group(0) @binding(3) var<storage, read> palette: array<vec4<f32>>;
  @group(0) @binding(4) var<storage, read> offsets: array<f32>;

  fn bytesOf(x: i32, y: i32) -> vec4<f32> {
    return round(textureLoad(source, vec2<i32>(x, y), 0) * 255.0);
  }

  ${OKLAB_SHADER}

  /** palette: for each colour its Oklab, then its bytes. */
  @compute @workgroup_size(${WORKGROUP_SIDE}, ${WORKGROUP_SIDE})
  fn snap(@builtin(global_invocation_id) id: vec3<u32>) {
    let size = textureDimensions(source);
    if (any(id.xy >= size)) { return; }
    let row = select(id.y, size.y - 1u - id.y, uniforms.flipY == 1u);
    let texel = bytesOf(i32(id.x), i32(id.y));
    let offset = offsets[(row % ${BAYER_SIDE}u) * ${BAYER_SIDE}u + id.x % ${BAYER_SIDE}u];
    let colour = toOklab(clamp(texel.rgb + offset, vec3<f32>(0.0), vec3<f32>(255.0)));
    var nearest = texel.rgb;
    var smallest = 1e9;
    for (var i = 0u; i < uniforms.numColours; i++) {
      let difference = colour - palette[2u * i].xyz;
      let squared = dot(difference, difference);
      if (squared < smallest) {
        nearest = palette[2u * i + 1u].xyz;
        smallest = squared;
      }
    }
    textureStore(texels, id.xy, vec4<f32>(nearest, texel.a) / 255.0);
  }

  fn neighbour(x: i32, y: i32) -> vec4<f32> {
    let size = vec2<i32>(textureDimensions(source));
    let place = vec2<i32>(x, y);
    let at = select(clamp(place, vec2<i32>(0), size - 1), (place + size) % size, uniforms.wraps == 1u);
    return bytesOf(at.x, at.y);
  }

  fn differ(a: vec4<f32>, b: vec4<f32>) -> bool {
    return any(abs(a - b) > vec4<f32>(uniforms.tolerance));
  }

  @compute @workgroup_size(${WORKGROUP_SIDE}, ${WORKGROUP_SIDE})
  fn scale(@builtin(global_invocation_id) id: vec3<u32>) {
    if (any(id.xy >= textureDimensions(texels))) { return; }
    let x = i32(id.x / 2u);
    let y = i32(id.y / 2u);
    let above = neighbour(x, y - 1);
    let below = neighbour(x, y + 1);
    let left = neighbour(x - 1, y);
    let right = neighbour(x + 1, y);
    let aside = select(left, right, id.x % 2u == 1u);
    let along = select(above, below, id.y % 2u == 1u);
    let isRounded = differ(above, below) && differ(left, right) && !differ(aside, along);
    textureStore(texels, id.xy, select(bytesOf(x, y), aside, isRounded) / 255.0);
  }
  ${OWN_PALETTE_SHADER}
`;

const PASSES = { choose: [0, 1, 5, 6, 7], snap: [0, 1, 2, 3, 4], scale: [0, 1, 2] } as const;
type Pass = keyof typeof PASSES;
type DrawingPass = Exclude<Pass, 'choose'>;

/** Eight floats: its Oklab, its bytes, and what aligns them. */
const COLOUR_BYTES = 32;

/** Compiles what `writePixelArtTexels` needs, once for a device. */
export const preparePixelArtTexels = compileOnce(LABEL, SHADER, Object.keys(PASSES) as Pass[]);

export interface PixelArtTexelsOptions extends Partial<PixelArtOptions> {
  /** The picture's bottom row is the texture's first, which matters to dithering; default false. */
  flipY?: boolean;
}

/**
 * Writes what `pixelArt` makes of a texture's picture into another; colours as near to one palette entry as to another may
 * go to either, but a palette of the picture's own is the same. The work is submitted when this returns; nothing is read back.
 *
 * @param pipelines what `preparePixelArtTexels` gave for this device
 * @param source    rgba8unorm with the usage TEXTURE_BINDING
 * @param target    rgba8unorm with the usage STORAGE_BINDING, `factor` times as wide and high; its first mip level is written
 * @throws          RangeError as `pixelArt`, for neither palette, colours nor enlargement, and for a target of another size
 */
export function writePixelArtTexels(
  device: GPUDevice,
  pipelines: Pipelines<Pass>,
  source: GPUTexture,
  target: GPUTexture,
  options: PixelArtTexelsOptions = {},
): void {
  const chosen = checked({ ...PIXEL_ART_DEFAULTS, flipY: false, ...definedOf(options) });
  const { colours, factor, numColours } = chosen;
  checkTarget(source, target, factor);
  const passes: DrawingPass[] = [
    ...(numColours > 0 ? ['snap' as const] : []),
    ...new Array(Math.log2(factor)).fill('scale'),
  ];
  if (passes.length === 0) {
    throw new RangeError('writePixelArtTexels: nothing to do; give a palette, a number of colours or a factor');
  }
  const encoder = device.createCommandEncoder({ label: LABEL });
  const { buffers, owned } = createBuffers(device, chosen);
  const encode = (pass: Pass, textures: Record<number, GPUTexture>, columns: number, rows: number) =>
    encodePass(device, encoder, pipelines, pass, { buffers, textures }, [columns, rows]);
  if (colours) encode('choose', { 1: source }, 1, 1);
  let from = source;
  for (const [i, pass] of passes.entries()) {
    const by = pass === 'scale' ? 2 : 1;
    const to = i === passes.length - 1 ? target : createBetween(device, by * from.width, by * from.height);
    if (to !== target) owned.push(to);
    encode(pass, { 1: from, 2: to }, Math.ceil(to.width / WORKGROUP_SIDE), Math.ceil(to.height / WORKGROUP_SIDE));
    from = to;
  }
  device.queue.submit([encoder.finish()]);
  for (const resource of owned) resource.destroy(); // once the passes are done
}

type Chosen = ReturnType<typeof checked>;

/** The options, the palette that is given, and how many colours there are to be. @throws RangeError as `pixelArt` */
function checked(options: Required<Omit<PixelArtTexelsOptions, 'colours'>> & Pick<PixelArtTexelsOptions, 'colours'>) {
  const { palette, colours, dither, factor, tolerance, wraps } = options;
  checkColours({ palette, colours, dither });
  const given = palette.length === 0 ? [] : parsePalette(palette);
  if (factor !== 1) checkScaleOptions({ factor, tolerance, wraps });
  return { ...options, given, numColours: colours ?? given.length };
}

/** The buffers of all passes by their bindings, and what is to be destroyed once these are done. */
function createBuffers(
  device: GPUDevice,
  { given, colours, dither, numColours, flipY, wraps, tolerance }: Chosen,
): { buffers: Partial<Record<number, GPUBuffer>>; owned: { destroy(): void }[] } {
  const owned: GPUBuffer[] = [];
  const sized = (size: number, usage: GPUBufferUsageFlags) => {
    const buffer = device.createBuffer({ label: LABEL, size, usage: usage | GPUBufferUsage.COPY_DST });
    owned.push(buffer);
    return buffer;
  };
  const filled = (values: Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>, usage: GPUBufferUsageFlags) => {
    const buffer = sized(values.byteLength, usage);
    device.queue.writeBuffer(buffer, 0, values);
    return buffer;
  };
  const { STORAGE, UNIFORM } = GPUBufferUsage;
  const palette = colours ? sized(COLOUR_BYTES * colours, STORAGE) : filled(paletteValues(given), STORAGE);
  const buffers = {
    0: filled(uniformsOf(numColours, flipY, wraps, tolerance), UNIFORM),
    3: palette,
    4: filled(Float32Array.from(ditherOffsets(dither)), STORAGE),
    ...(colours && { 5: filled(Uint32Array.from(WHOLE_LIGHT), STORAGE), 6: sized(SAMPLES_BYTES, STORAGE) }),
    7: palette,
  };
  return { buffers, owned };
}

/** Encodes one pass of so many workgroups. */
function encodePass(
  device: GPUDevice,
  encoder: GPUCommandEncoder,
  pipelines: Pipelines<Pass>,
  pass: Pass,
  bound: { buffers: Partial<Record<number, GPUBuffer>>; textures: Record<number, GPUTexture> },
  [columns, rows]: [number, number],
): void {
  const entries = PASSES[pass].map((binding) => {
    const buffer = bound.buffers[binding];
    const resource = buffer ? { buffer } : bound.textures[binding]!.createView({ mipLevelCount: 1 });
    return { binding, resource };
  });
  const pipeline = pipelines[pass];
  const encoded = encoder.beginComputePass({ label: `${LABEL} ${pass}` });
  encoded.setPipeline(pipeline);
  encoded.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  encoded.dispatchWorkgroups(columns, rows);
  encoded.end();
}

function checkTarget(source: GPUTexture, target: GPUTexture, factor: number): void {
  if (target.width === factor * source.width && target.height === factor * source.height) return;
  const expected = `${factor * source.width}×${factor * source.height}`;
  throw new RangeError(`writePixelArtTexels: the target is ${target.width}×${target.height}; expected ${expected}`);
}

function uniformsOf(numColours: number, flipY: boolean, wraps: boolean, tolerance: number): Uint32Array<ArrayBuffer> {
  const uniforms = Uint32Array.of(numColours, Number(flipY), Number(wraps), 0);
  new Float32Array(uniforms.buffer)[3] = tolerance;
  return uniforms;
}

/** Eight floats for each colour; at least one colour, since a binding may not be empty. */
function paletteValues(colours: readonly [number, number, number][]): Float32Array<ArrayBuffer> {
  const values = colours.flatMap((colour) => {
    const lab: Oklab = toOklab(...colour);
    return [...lab, 0, ...colour, 0];
  });
  return Float32Array.from(values.length > 0 ? values : new Array(8).fill(0));
}

function createBetween(device: GPUDevice, width: number, height: number): GPUTexture {
  const usage = GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.TEXTURE_BINDING;
  return device.createTexture({ label: LABEL, size: [width, height], format: 'rgba8unorm', usage });
}
