import {
  type DiffusionModel,
  type ImageTensor,
  imagesToPixels,
  MATERIAL_CHANNELS,
  writeTexels,
} from '../../runtime/index.ts';
import { gpuTextureOf, type PictureTarget, updateMipmaps } from '../texture/texelTexture.ts';
import type { Picture } from './painter.ts';

/** A picture as decoded values on the device that draws the scene: (1, H, W, channels). */
export class TexelPicture implements Picture {
  /** @param values owned by the picture */
  constructor(
    private readonly values: ImageTensor,
    private readonly model: DiffusionModel,
  ) {}

  get widthPx(): number {
    return this.values.shape[2];
  }

  get heightPx(): number {
    return this.values.shape[1];
  }

  get sizeBytes(): number {
    return 4 * this.values.size;
  }

  get hasMaps(): boolean {
    return this.values.shape[3] === MATERIAL_CHANNELS;
  }

  drawInto({ texture, flipY }: PictureTarget, x = 0, y = 0): void {
    const { premultipliedAlpha: premultiplied } = this.model.index.figment;
    writeTexels(this.values, 0, gpuTextureOf(texture), { premultiplied, flipY, x, y });
    updateMipmaps(texture);
  }

  drawMapsInto({ texture, flipY }: PictureTarget): void {
    writeTexels(this.values, 0, gpuTextureOf(texture), { premultiplied: false, flipY, maps: true });
  }

  async readPixelsAsync(): Promise<Uint8Array> {
    const [pixels] = await imagesToPixels(this.model, this.values);
    return pixels!;
  }

  dispose(): void {
    this.values.dispose();
  }
}
