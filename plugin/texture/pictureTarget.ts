import type { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';

/**
 * A texture that pictures are drawn into: one that fills it, or the cells of a sheet. Pictures made of pixels go through
 * a copy on the CPU; pictures on the GPU are written straight into the texture.
 */
export class PictureTarget {
  private copy: Uint8Array | null = null;

  /** What was drawn as pixels, as the texture has it; null while all came from the GPU. */
  get pixels(): Uint8Array | null {
    return this.copy;
  }

  /** @param flipY draws every picture upside down: Babylon's meshes have v = 0 at the bottom, its sprites at the top */
  constructor(
    readonly texture: RawTexture,
    readonly widthPx: number,
    readonly heightPx: number,
    readonly flipY: boolean,
  ) {}

  /** Draws RGBA bytes, top row first, with their top left corner at (x, y). */
  drawPixels(pixels: Uint8Array, widthPx: number, heightPx: number, x: number, y: number): void {
    this.copy ??= new Uint8Array(4 * this.widthPx * this.heightPx);
    const rowBytes = 4 * widthPx;
    for (let row = 0; row < heightPx; row++) {
      const to = y + (this.flipY ? heightPx - 1 - row : row);
      this.copy.set(pixels.subarray(row * rowBytes, (row + 1) * rowBytes), 4 * (to * this.widthPx + x));
    }
    this.texture.update(this.copy);
  }
}
