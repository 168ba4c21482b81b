// Decoded images become texels on the GPU: no value passes through the CPU.
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { engine, type Tensor4D } from '@tensorflow/tfjs-core';
import { MIN_ALPHA } from '../../core/pixels.ts';

export interface WriteTexelsOptions {
  /** Whether the colour values are multiplied by alpha; without effect for RGB. */
  premultiplied: boolean;
  /** Write the picture's bottom row first. */
  flipY: boolean;
  /** Write the height, roughness and metallic of a material in place of its picture, as `toMapPixels` does; default false. */
  maps?: boolean;
  /** The texel of the texture at which the picture begins; by default (0, 0). */
  x?: number;
  y?: number;
}

/** Members of tfjs 4.22's backend that its type declarations hide. */
interface HiddenMembers {
  commandEncoder: GPUCommandEncoder;
}

/** The pipeline and the uniforms, which are made once for a device. */
interface Converter {
  pipeline: GPUComputePipeline;
  uniforms: GPUBuffer;
}

const WORKGROUP_SIDE = 8;

/**
 * The arithmetic of `toPixels`. Values are read as bits, since a shader may take for granted that no f32 is NaN, and are
 * clamped before they are scaled, which changes no byte.
 */
const SOURCE = `
  struct Uniforms {
    origin: vec2<u32>, size: vec2<u32>, first: u32, channels: u32, premultiplied: u32, flipY: u32,
  }
  @group(0) @binding(0) var<storage, read> values: array<u32>;
  @group(0) @binding(1) var<uniform> uniforms: Uniforms;
  @group(0) @binding(2) var texels: texture_storage_2d<rgba8unorm, write>;

  const MINUS_ONE_BITS = 0xbf800000u;
  const INFINITY_BITS = 0x7f800000u;

  /** Value + 1: 0 … 2; 0 for NaN. */
  fn valueFromZero(index: u32) -> f32 {
    let bits = values[index];
    let isNan = (bits & 0x7fffffffu) > INFINITY_BITS;
    return clamp(bitcast<f32>(select(bits, MINUS_ONE_BITS, isNan)), -1.0, 1.0) + 1.0;
  }

  @compute @workgroup_size(${WORKGROUP_SIDE}, ${WORKGROUP_SIDE})
  fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let size = uniforms.size;
    if (any(id.xy >= size)) { return; }
    let at = uniforms.first + (id.y * size.x + id.x) * uniforms.channels;
    var alpha = 255.0;
    if (uniforms.channels == 4u) { alpha = valueFromZero(at + 3u) * 127.5; }
    var bytes = vec4<f32>(0.0);
    if (round(alpha) >= ${MIN_ALPHA}.0) {
      let factor = select(127.5, 32512.5 / alpha, uniforms.premultiplied == 1u);
      let colour = vec3<f32>(valueFromZero(at), valueFromZero(at + 1u), valueFromZero(at + 2u));
      bytes = round(min(vec4<f32>(colour * factor, alpha), vec4<f32>(255.0)));
    }
    let row = select(id.y, size.y - 1u - id.y, uniforms.flipY == 1u);
    textureStore(texels, uniforms.origin + vec2<u32>(id.x, row), bytes / 255.0);
  }
`;

const NUM_UNIFORMS = 8;

const converters = new WeakMap<GPUDevice, Converter>();

function converterOf(device: GPUDevice): Converter {
  const known = converters.get(device);
  if (known) return known;
  const label = 'figment texels';
  const module = device.createShaderModule({ code: SOURCE, label });
  const converter: Converter = {
    pipeline: device.createComputePipeline({ compute: { module }, label, layout: 'auto' }),
    uniforms: device.createBuffer({
      label,
      size: NUM_UNIFORMS * Uint32Array.BYTES_PER_ELEMENT,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    }),
  };
  converters.set(device, converter);
  return converter;
}

/** Prepares a device for `writeTexels`, which otherwise compiles its pipeline when it is first called. */
export function prepareTexels(device: GPUDevice): void {
  converterOf(device);
}

/**
 * Writes one decoded image into a texture, as the bytes that `toPixels` makes of its values: sRGB, straight alpha. A byte
 * may differ by 1 where its exact value lies halfway between two, since the GPU computes with 32 bits.
 *
 * The work is submitted, after all that tfjs has begun, when this returns: the images may be disposed at once, and what
 * is submitted later finds the texels written. Nothing is read back.
 *
 * @param images  float32 (B, H, W, 3, 4 or 6), about [-1, 1], on tfjs's WebGPU backend
 * @param index   of the image: 0 … B − 1
 * @param texture rgba8unorm with the usage STORAGE_BINDING, of the backend's own device; only its first mip level is written
 * @throws        Error when the images are not on that backend, or the texture's format or usage does not fit; RangeError
 *                when the index is out of range, the channels are none of a picture, there are no maps to write, or the
 *                picture exceeds the texture
 */
export function writeTexels(images: Tensor4D, index: number, texture: GPUTexture, options: WriteTexelsOptions): void {
  const backend = backendOf(images);
  const { x = 0, y = 0, maps = false } = options;
  checkImages(images, index, maps);
  checkTexture(images, texture, x, y);
  const [, height, width, channels] = images.shape;
  const { pipeline, uniforms } = converterOf(backend.device);
  const first = index * height * width * channels + (maps ? 3 : 0);
  const premultiplied = Number(options.premultiplied && channels === 4);
  const values = Uint32Array.of(x, y, width, height, first, channels, premultiplied, Number(options.flipY));
  // Runs before what is submitted next, and after the pictures submitted so far have used the buffer.
  backend.queue.writeBuffer(uniforms, 0, values);
  backend.uploadToGPU(images.dataId);
  const bindGroup = backend.device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [
      { binding: 0, resource: { buffer: backend.tensorMap.get(images.dataId).resource as GPUBuffer } },
      { binding: 1, resource: { buffer: uniforms } },
      { binding: 2, resource: texture.createView({ mipLevelCount: 1 }) },
    ],
  });
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  const pass = (backend as unknown as HiddenMembers).commandEncoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(Math.ceil(width / WORKGROUP_SIDE), Math.ceil(height / WORKGROUP_SIDE));
  pass.end();
  backend.submitQueue();
}

/** The WebGPU backend, provided that the images are on it. */
function backendOf(images: Tensor4D): WebGPUBackend {
  if (images.isDisposed) throw new Error('writeTexels: the images are disposed; dispose them after writing');
  const { registry, state } = engine();
  const owner = state.tensorInfo.get(images.dataId)?.backend;
  if (owner !== undefined && owner === registry.webgpu) return owner as WebGPUBackend;
  const place = Object.keys(registry).find((name) => registry[name] === owner);
  const where = place === undefined ? 'a backend that is gone' : `backend "${place}"`;
  throw new Error(
    `writeTexels: the images are on ${where}; expected "webgpu": compute them after useWebgpuDevice, or use toPixels`,
  );
}

function checkImages({ shape, dtype }: Tensor4D, index: number, maps: boolean): void {
  const [numImages, , , channels] = shape;
  if (shape.length !== 4 || dtype !== 'float32' || ![3, 4, 6].includes(channels)) {
    throw new RangeError(`writeTexels: the images are ${dtype} (${shape}); expected float32 (B, H, W, 3, 4 or 6)`);
  }
  if (maps && channels !== 6) {
    throw new RangeError(`writeTexels: images of ${channels} channels have no maps; expected 6, of materials`);
  }
  if (!Number.isInteger(index) || index < 0 || index >= numImages) {
    throw new RangeError(`writeTexels: index is ${index}; expected 0 … ${numImages - 1}, one of the images`);
  }
}

function checkTexture({ shape }: Tensor4D, { format, usage, width, height }: GPUTexture, x: number, y: number): void {
  if (format !== 'rgba8unorm') throw new Error(`writeTexels: the texture's format is ${format}; expected rgba8unorm`);
  if ((usage & GPUTextureUsage.STORAGE_BINDING) === 0) {
    throw new Error('writeTexels: the texture lacks the usage STORAGE_BINDING; create it as a storage texture');
  }
  const [, heightPx, widthPx] = shape;
  const isPlace = [x, y].every((offset) => Number.isInteger(offset) && offset >= 0);
  if (isPlace && x + widthPx <= width && y + heightPx <= height) return;
  throw new RangeError(
    `writeTexels: a picture of ${widthPx}x${heightPx} pixels at (${x}, ${y}) does not fit the texture of ${width}x${height}`,
  );
}
