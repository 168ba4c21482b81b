// Generated textures as images of a page. This file is loaded when the first is asked for.
import type { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { toBase64 } from '../../runtime/index.ts';
import { rowsReversed } from './texelTexture.ts';
import type { TextureLook } from './textureLook.ts';

/** A texture with a picture, whose bytes may be on the GPU alone. */
interface PictureTexture extends RawTexture {
  readonly texels: Uint8Array | null;
  readonly look: Pick<TextureLook, 'widthPx' | 'heightPx'>;
}

/** RGBA bytes, top row first. @throws Error when the texture has no picture yet */
export async function readPicture(texture: PictureTexture): Promise<Uint8Array<ArrayBuffer>> {
  assertPicture(texture);
  return rowsReversed(texture.texels ?? (await readFromGpu(texture)), texture.look.widthPx);
}

function assertPicture(texture: PictureTexture): void {
  if (texture.isReady()) return;
  const isGone = texture.getInternalTexture() === null;
  const problem = isGone ? 'is disposed; read it before' : 'has no picture yet; wait until it is generated';
  throw new Error(`readPicture: ${texture.name} ${problem}`);
}

/** The picture as a PNG file. @throws as `readPicture` */
async function toPng(texture: PictureTexture): Promise<Uint8Array<ArrayBuffer>> {
  const { widthPx: width, heightPx: height } = texture.look;
  const { encode } = await import('fast-png');
  return Uint8Array.from(encode({ width, height, data: await readPicture(texture), channels: 4 }));
}

/** The PNG file. @throws as `readPicture` */
export async function toBlob(texture: PictureTexture): Promise<Blob> {
  return new Blob([await toPng(texture)], { type: 'image/png' });
}

/** The PNG file as an address. @throws as `readPicture` */
export async function toDataUrl(texture: PictureTexture): Promise<string> {
  return `data:image/png;base64,${toBase64(await toPng(texture))}`;
}

/** @throws as `readPicture`; Error when the canvas draws in another way than in two dimensions */
export async function drawIn(texture: PictureTexture, canvas: HTMLCanvasElement | OffscreenCanvas): Promise<void> {
  const pixels = await readPicture(texture);
  const { widthPx, heightPx } = texture.look;
  const context = canvas.getContext('2d') as CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D | null;
  if (!context)
    throw new Error(`drawTo: the canvas for ${texture.name} has another context; give one that has none yet`);
  [canvas.width, canvas.height] = [widthPx, heightPx];
  context.putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), widthPx, heightPx), 0, 0);
}

/** RGBA bytes, bottom row first. */
async function readFromGpu(texture: PictureTexture): Promise<Uint8Array> {
  await import('@babylonjs/core/Engines/WebGPU/Extensions/engine.readTexture.js');
  assertPicture(texture); // it may have been disposed in the meantime
  const { buffer, byteOffset, byteLength } = (await texture.readPixels())!;
  return new Uint8Array(buffer, byteOffset, byteLength);
}
