// Shows one picture on a plane that fills the canvas, with the engine and on the way that the test asks for.
import { FreeCamera } from '@babylonjs/core/Cameras/freeCamera.js';
import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import { Engine } from '@babylonjs/core/Engines/engine.js';
import { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import type { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Color4 } from '@babylonjs/core/Maths/math.color.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { Scene } from '@babylonjs/core/scene.js';
import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import {
  dispose,
  getBackend,
  memory,
  ones,
  slice,
  type Tensor4D,
  tensor4d,
  engine as tfjs,
} from '@tensorflow/tfjs-core';
import { packTexels, writeTexels } from '../../runtime/kernels/texels.ts';
import { adoptDeviceAsync, CreateEngineAsync, computesElsewhere, describeDevice, sharesDevice } from '../device.ts';
import { TexelPicture } from '../painting/texelPicture.ts';
import {
  createTexelTexture,
  gpuTextureOf,
  PictureTarget,
  type TexelTextureOptions,
  updateMipmaps,
} from '../texture/texelTexture.ts';

let engine: AbstractEngine;
let scene: Scene;
let texture: RawTexture;
let material: StandardMaterial;

const canvas = () => document.querySelector('canvas')!;

/** Starts an engine; what it says of itself. */
export async function start(kind: 'best' | 'webgl'): Promise<string> {
  engine = kind === 'webgl' ? new Engine(canvas(), false) : await CreateEngineAsync(canvas(), { antialias: false });
  scene = new Scene(engine);
  scene.clearColor = new Color4(0, 0, 0, 1);
  const camera = new FreeCamera('camera', new Vector3(0, 0, -3), scene);
  camera.mode = FreeCamera.ORTHOGRAPHIC_CAMERA;
  [camera.orthoLeft, camera.orthoRight, camera.orthoBottom, camera.orthoTop] = [-1, 1, -1, 1];
  material = new StandardMaterial('picture', scene);
  material.disableLighting = true;
  CreatePlane('plane', { size: 2 }, scene).material = material;
  return describeDevice(engine);
}

/** From here on no adapter gives a device. */
export function refuseDevices(): void {
  GPUAdapter.prototype.requestDevice = () => Promise.reject(new Error('on purpose'));
}

export interface Adoption {
  backend: string;
  reason: string;
  isShared: boolean;
  isKept: boolean;
  numDevices: number;
}

/** Adopts the device twice at once and once more; counts what is opened for it. */
export async function adopt(): Promise<Adoption> {
  let numDevices = 0;
  const { requestDevice } = GPUAdapter.prototype;
  GPUAdapter.prototype.requestDevice = function (...descriptors) {
    numDevices++;
    return requestDevice.apply(this, descriptors);
  };
  const [choice] = await Promise.all([adoptDeviceAsync(engine), adoptDeviceAsync(engine)]);
  const backend = tfjs().registry.webgpu as WebGPUBackend;
  const kept = ones([4]);
  await adoptDeviceAsync(engine);
  const isKept = tfjs().registry.webgpu === backend && (await kept.data()).every((value) => value === 1);
  kept.dispose();
  GPUAdapter.prototype.requestDevice = requestDevice;
  const isShared = backend.device === sharesDevice(engine)?.device;
  return { backend: getBackend(), reason: choice.reason, isShared, isKept, numDevices };
}

/** Adopts the device of another engine: what keeps it while the first is there, and the backend when that is gone. */
export async function adoptAnother(): Promise<{ refusal: string; isElsewhere: boolean; backend: string }> {
  const another = await CreateEngineAsync(document.createElement('canvas'));
  const refusal = await adoptDeviceAsync(another).then(String, ({ message }: Error) => message);
  const isElsewhere = computesElsewhere(another);
  engine.dispose();
  const { backend } = await adoptDeviceAsync(another);
  return { refusal, isElsewhere, backend };
}

/** Makes the texture that is shown. */
export function createTexture(widthPx: number, heightPx: number, options: Partial<TexelTextureOptions>): void {
  texture?.dispose();
  texture = createTexelTexture(scene, widthPx, heightPx, options);
  material.emissiveTexture = texture;
}

/** Writes one of several images on the GPU; how many buffers were read back, and tensors left, until it was on the screen. */
export async function showTexels(
  values: number[],
  shape: [number, number, number, number],
  index: number,
): Promise<{ numReadBacks: number; numTensorsLeft: number }> {
  let numReadBacks = 0;
  const { mapAsync } = GPUBuffer.prototype;
  const before = memory().numTensors;
  const images = tensor4d(values, shape);
  await scene.whenReadyAsync();
  GPUBuffer.prototype.mapAsync = function (mode, ...range) {
    if (mode === GPUMapMode.READ) numReadBacks++;
    return mapAsync.call(this, mode, ...range);
  };
  const image = slice(images, [index, 0, 0, 0], [1, ...images.shape.slice(1)]) as Tensor4D;
  const texels = packTexels(image, { premultiplied: true, maps: false });
  writeTexels(texels, images.shape[2], gpuTextureOf(texture), { flipY: true });
  dispose([images, image, texels]);
  ones(shape).dispose(); // takes the buffer that the images had
  updateMipmaps(texture);
  await draw();
  GPUBuffer.prototype.mapAsync = mapAsync;
  return { numReadBacks, numTensorsLeft: memory().numTensors - before };
}

/** Uploads RGBA bytes, bottom row first. */
export async function showPixels(pixels: number[]): Promise<void> {
  texture.update(Uint8Array.from(pixels));
  await draw();
}

/**
 * Draws pictures of one size in a sheet of two: pixels at the left, one from the GPU in their place, and the pixels beside it.
 *
 * @returns the bytes of the sheet, and of its copy in another
 */
export async function drawBoth(
  values: number[],
  shape: [number, number, number, number],
  pixels: number[],
): Promise<number[][]> {
  const [, heightPx, widthPx] = shape;
  const image = tensor4d(values, shape);
  const texels = new TexelPicture({
    picture: packTexels(image, { premultiplied: true, maps: false }),
    maps: null,
    widthPx,
    heightPx,
  });
  image.dispose();
  const [sheet, copy] = [1, 2].map(
    () => new PictureTarget(createTexelTexture(scene, 2 * widthPx, heightPx), 2 * widthPx, heightPx, true),
  ) as [PictureTarget, PictureTarget];
  const bytes = Uint8Array.from(pixels);
  sheet.drawPixels(bytes, widthPx, heightPx, 0, 0);
  texels.drawInto(sheet);
  sheet.drawPixels(bytes, widthPx, heightPx, widthPx, 0);
  sheet.copyTo(copy);
  texels.dispose();
  const read = await Promise.all([sheet, copy].map(({ texture: drawn }) => drawn.readPixels()));
  for (const { texture: drawn } of [sheet, copy]) drawn.dispose();
  return read.map((data) => Array.from(data as Uint8Array));
}

/**
 * Draws pictures of one size, as pixels, in a sheet of two: one at the right, then one at the left.
 *
 * @returns the bytes of the sheet, as it was drawn and after the context was lost, and how many bytes were uploaded each time
 */
export async function drawInTurn(
  pictures: readonly number[][],
  widthPx: number,
  heightPx: number,
): Promise<{ drawn: number[]; restored: number[] | null; uploaded: number[] }> {
  const uploaded = engine.isWebGPU ? uploadsOfWebGpu() : uploadsOfWebGl();
  const sheet = new PictureTarget(createTexelTexture(scene, 2 * widthPx, heightPx), 2 * widthPx, heightPx, false);
  for (const [i, picture] of pictures.entries()) {
    sheet.drawPixels(Uint8Array.from(picture), widthPx, heightPx, i === 0 ? widthPx : 0, 0);
  }
  const numUploads = uploaded.length;
  const read = async () => Array.from((await sheet.texture.readPixels()) as Uint8Array);
  const drawn = await read();
  if (engine.isWebGPU) return { drawn, restored: null, uploaded: uploaded.slice(0, numUploads) };
  const { loseContext, restoreContext } = loserOf(canvas().getContext('webgl2')!);
  const lost = new Promise((resolve) => canvas().addEventListener('webglcontextlost', resolve, { once: true }));
  loseContext();
  await lost;
  await new Promise((resolve) => setTimeout(resolve)); // while the event is on its way, the context cannot be restored
  const restored = new Promise((resolve) => engine.onContextRestoredObservable.addOnce(resolve));
  restoreContext();
  await restored;
  return { drawn, restored: await read(), uploaded: uploaded.slice(0, numUploads) };
}

/** The bytes of each upload from now on. */
function uploadsOfWebGl(): number[] {
  const uploaded: number[] = [];
  for (const name of ['texImage2D', 'texSubImage2D'] as const) {
    const upload = WebGL2RenderingContext.prototype[name] as (...args: unknown[]) => void;
    WebGL2RenderingContext.prototype[name] = function (this: WebGL2RenderingContext, ...args: unknown[]) {
      const bytes = args.at(-1);
      if (bytes instanceof Uint8Array) uploaded.push(bytes.length);
      upload.apply(this, args);
    } as never;
  }
  return uploaded;
}

/** The bytes of each upload from now on, four a texel. */
function uploadsOfWebGpu(): number[] {
  const uploaded: number[] = [];
  const write = GPUQueue.prototype.writeTexture;
  GPUQueue.prototype.writeTexture = function (...args: Parameters<GPUQueue['writeTexture']>) {
    const { width, height = 1 } = args[3] as GPUExtent3DDict;
    uploaded.push(4 * width * height);
    return write.apply(this, args);
  };
  return uploaded;
}

function loserOf(context: WebGL2RenderingContext): { loseContext(): void; restoreContext(): void } {
  const loser = context.getExtension('WEBGL_lose_context')!;
  return { loseContext: () => loser.loseContext(), restoreContext: () => loser.restoreContext() };
}

/** Bytes of a mipmap level, row 0 first. */
export async function readTexture(level: number): Promise<number[]> {
  return Array.from((await texture.readPixels(0, level)) as Uint8Array);
}

/** What `gpuTextureOf` says of the shown texture. */
export function refusal(): string {
  try {
    return gpuTextureOf(texture).format;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Draws a frame and waits until it is on the screen. */
async function draw(): Promise<void> {
  await scene.whenReadyAsync();
  engine.beginFrame();
  scene.render();
  engine.endFrame();
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
}
