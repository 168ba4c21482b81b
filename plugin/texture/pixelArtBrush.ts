// This file is loaded when the first texture with a palette, a number of colours or an enlargement is made.
import { pixelArt, preparePixelArtTexels, writePixelArtTexels } from '../../runtime/index.ts';
import { sharesDevice } from '../device.ts';
import type { Picture } from '../painting/painter.ts';
import { PixelPicture } from '../painting/pixelPicture.ts';
import { createTexelTexture, gpuTextureOf, PictureTarget } from './texelTexture.ts';
import type { PixelArtLook } from './textureLook.ts';

/** Draws pictures enlarged and with few colours: on the GPU if they are there, otherwise on the CPU. */
export class PixelArtBrush {
  /** Holds a picture that is on the GPU, as it was painted. */
  private raw: PictureTarget | null = null;

  private gpu: { device: GPUDevice; pipelines: Awaited<ReturnType<typeof preparePixelArtTexels>> } | null = null;

  constructor(
    private readonly target: PictureTarget,
    private readonly look: PixelArtLook,
  ) {}

  /** Must be awaited before pictures are drawn, because the device may have changed. */
  async prepareAsync(): Promise<void> {
    const engine = this.target.texture.getScene()?.getEngine(); // undefined once the texture is disposed
    const device = engine && sharesDevice(engine)?.device;
    this.gpu = device ? { device, pipelines: await preparePixelArtTexels(device) } : null;
  }

  /** @throws RangeError for an option out of range */
  draw(picture: Picture): void {
    if (picture instanceof PixelPicture) this.drawPixels(picture);
    else this.drawTexels(picture);
  }

  dispose(): void {
    this.raw?.texture.dispose();
  }

  private drawPixels({ pixels, widthPx, heightPx }: PixelPicture): void {
    const drawn = pixelArt(pixels, widthPx, heightPx, this.look);
    this.target.drawPixels(drawn.pixels as Uint8Array, drawn.width, drawn.height, 0, 0);
  }

  private drawTexels(picture: Picture): void {
    const { widthPx, heightPx } = picture;
    const { texture, flipY } = this.target;
    this.raw ??= new PictureTarget(
      createTexelTexture(texture.getScene()!, widthPx, heightPx),
      widthPx,
      heightPx,
      flipY,
    );
    picture.drawInto(this.raw);
    const { device, pipelines } = this.gpu!;
    writePixelArtTexels(device, pipelines, gpuTextureOf(this.raw.texture), gpuTextureOf(texture), {
      ...this.look,
      flipY,
    });
    this.target.tellWritten();
  }
}

/** Tries a look on a single pixel, before anything is painted. @throws RangeError for an option out of range */
export function checkPixelArt(look: PixelArtLook): void {
  pixelArt(Uint8Array.of(0, 0, 0, 255), 1, 1, look);
}

/** The pixels of a cell's picture as the sheet shows them. */
export function pixelsOfCell(pixels: Uint8Array, widthPx: number, heightPx: number, look: PixelArtLook): Uint8Array {
  return pixelArt(pixels, widthPx, heightPx, { wraps: false, ...look }).pixels as Uint8Array;
}
