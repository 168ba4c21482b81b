import type { GeneratedPicture } from '../../runtime/index.ts';
import type { PictureTarget } from '../texture/texelTexture.ts';
import type { Picture } from './painter.ts';

/** A picture as bytes: RGBA, sRGB, straight alpha, top row first; of a material with its maps. */
export class PixelPicture implements Picture {
  readonly pixels: Uint8Array;
  private readonly maps: Uint8Array | null;

  constructor(
    { pixels, maps }: GeneratedPicture,
    readonly widthPx: number,
    readonly heightPx: number,
  ) {
    this.pixels = pixels;
    this.maps = maps;
  }

  get sizeBytes(): number {
    return this.pixels.byteLength + (this.maps?.byteLength ?? 0);
  }

  get hasMaps(): boolean {
    return this.maps !== null;
  }

  drawInto(target: PictureTarget, x = 0, y = 0): void {
    target.drawPixels(this.pixels, this.widthPx, this.heightPx, x, y);
  }

  drawMapsInto(target: PictureTarget): void {
    target.drawPixels(this.maps!, this.widthPx, this.heightPx, 0, 0);
  }

  async readPixelsAsync(): Promise<Uint8Array> {
    return this.pixels.slice();
  }

  /** All of it in one array, for a store: the picture and, behind it, the maps. */
  toBytes(): Uint8Array {
    const { pixels, maps } = this;
    if (!maps) return pixels;
    const bytes = new Uint8Array(this.sizeBytes);
    bytes.set(pixels);
    bytes.set(maps, pixels.length);
    return bytes;
  }

  /** The way back from `toBytes`. */
  static FromBytes(bytes: Uint8Array, widthPx: number, heightPx: number): PixelPicture {
    const size = 4 * widthPx * heightPx;
    const maps = bytes.length > size ? bytes.subarray(size) : null;
    return new PixelPicture({ pixels: bytes.subarray(0, size), maps }, widthPx, heightPx);
  }

  dispose(): void {}
}
