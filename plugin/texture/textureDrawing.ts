// How a picture gets into a texture: as it is, or as pixel art.
import type { Picture } from '../painting/painter.ts';
import type { PixelArtBrush } from './pixelArtBrush.ts';
import type { PictureTarget } from './texelTexture.ts';
import type { PixelArtLook } from './textureLook.ts';

/** Draws a picture into the texture. */
export type Draw = (picture: Picture) => void;

/** Draws the pictures of one texture. What makes pixel art is loaded when the first picture needs it. */
export class TextureDrawing {
  private brush: Promise<PixelArtBrush> | null = null;

  constructor(
    private readonly target: PictureTarget,
    private readonly pixelArt: PixelArtLook | undefined,
  ) {}

  /** @throws RangeError when the texture's pixel art is out of range */
  async prepareAsync(): Promise<Draw> {
    const { target, pixelArt } = this;
    if (!pixelArt) return (picture) => picture.drawInto(target);
    this.brush ??= import('./pixelArtBrush.ts').then(({ checkPixelArt, PixelArtBrush }) => {
      checkPixelArt(pixelArt);
      return new PixelArtBrush(target, pixelArt);
    });
    const brush = await this.brush;
    await brush.prepareAsync();
    return (picture) => brush.draw(picture);
  }

  /** After a lost device: a picture that is being painted is drawn by the brush that is there already. */
  restore(): void {
    this.brush?.then((brush) => brush.prepareAsync()).catch(() => {});
  }

  dispose(): void {
    this.brush?.then((brush) => brush.dispose()).catch(() => {}); // the brush could not be loaded
  }
}
