import { readTexels, type TexelImage, writeTexels } from '../../runtime/index.ts';
import { gpuTextureOf, type PictureTarget } from '../texture/texelTexture.ts';
import type { Picture } from './painter.ts';

/** A picture as bytes on the device that draws the scene. */
export class TexelPicture implements Picture {
  /** @param image owned by the picture */
  constructor(private readonly image: TexelImage) {}

  get widthPx(): number {
    return this.image.widthPx;
  }

  get heightPx(): number {
    return this.image.heightPx;
  }

  get sizeBytes(): number {
    const { picture, maps } = this.image;
    return 4 * (picture.size + (maps?.size ?? 0));
  }

  get hasMaps(): boolean {
    return this.image.maps !== null;
  }

  drawInto(target: PictureTarget, x = 0, y = 0): void {
    writeTexels(this.image.picture, this.widthPx, gpuTextureOf(target.texture), { flipY: target.flipY, x, y });
    target.tellWritten();
  }

  drawMapsInto(target: PictureTarget): void {
    writeTexels(this.image.maps!, this.widthPx, gpuTextureOf(target.texture), { flipY: target.flipY });
    target.tellWritten();
  }

  async readPixelsAsync(): Promise<Uint8Array> {
    const own = this.image.picture.clone(); // the picture may be disposed while it is read
    return readTexels(own, this.widthPx).finally(() => own.dispose());
  }

  dispose(): void {
    this.image.picture.dispose();
    this.image.maps?.dispose();
  }
}
