// Loaded when the first texture with a palette or an enlargement is made.
import { pixelArt, preparePixelArtTexels, writePixelArtTexels } from '../../runtime/index.ts';
import { sharesDevice } from '../device.ts';
import type { Picture } from '../painting/painter.ts';
import { PixelPicture } from '../painting/pixelPicture.ts';
import { PictureTarget } from './pictureTarget.ts';
import { createTexelTexture, gpuTextureOf, updateMipmaps } from './texelTexture.ts';
import type { PixelArtLook } from './textureLook.ts';

/** Draws pictures with a palette, enlarged: on the GPU those that are there, on the CPU the others. */
export class PixelArtBrush {
  /** As they are painted, when they are on the GPU. */
  private raw: PictureTarget | null = null;

  static async CreateAsync(target: PictureTarget, look: PixelArtLook): Promise<PixelArtBrush> {
    const device = sharesDevice(target.texture.getScene()!.getEngine())?.device;
    const pipelines = device ? await preparePixelArtTexels(device) : null;
    return new PixelArtBrush(target, look, device && pipelines ? { device, pipelines } : null);
  }

  private constructor(
    private readonly target: PictureTarget,
    private readonly look: PixelArtLook,
    private readonly gpu: { device: GPUDevice; pipelines: Awaited<ReturnType<typeof preparePixelArtTexels>> } | null,
  ) {}

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
    updateMipmaps(texture);
  }
}
