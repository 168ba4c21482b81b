import type { PictureTarget } from '../texture/texelTexture.ts';
import type { Picture } from './painter.ts';

/** A picture as bytes: RGBA, sRGB, straight alpha, top row first. */
export class PixelPicture implements Picture {
  constructor(
    readonly pixels: Uint8Array,
    readonly widthPx: number,
    readonly heightPx: number,
  ) {}

  get sizeBytes(): number {
    return this.pixels.byteLength;
  }

  drawInto(target: PictureTarget, x = 0, y = 0): void {
    target.drawPixels(this.pixels, this.widthPx, this.heightPx, x, y);
  }

  async readPixelsAsync(): Promise<Uint8Array> {
    return this.pixels.slice();
  }

  dispose(): void {}
}
