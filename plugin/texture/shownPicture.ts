// What a texture shows: nothing yet, a preview or a picture, and the maps that a model of materials made with it.
import type { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import type { Picture } from '../painting/painter.ts';
import { PixelPicture } from '../painting/pixelPicture.ts';
import { createMapsTarget } from './mapsTarget.ts';
import { PictureTarget } from './texelTexture.ts';
import { type Draw, TextureDrawing } from './textureDrawing.ts';
import { paintedSize, type TextureLook } from './textureLook.ts';

export class ShownPicture {
  /** A preview is what a picture looks like before its last denoising step; it stands in the place of the one before. */
  private state: 'nothing' | 'preview' | 'picture' = 'nothing';
  private readonly target: PictureTarget;
  private readonly drawing: TextureDrawing;
  private mapsTarget: PictureTarget | null = null;
  private isOnCpu = false;

  constructor(
    private readonly texture: RawTexture,
    private readonly look: TextureLook,
  ) {
    this.target = new PictureTarget(texture, look.widthPx, look.heightPx, true);
    this.drawing = new TextureDrawing(this.target, look.pixelArt);
  }

  /** True from the first picture or preview on: until then the texture is blank. */
  get isThere(): boolean {
    return this.state !== 'nothing';
  }

  /** True while the texture shows a whole picture, and neither a preview of another one nor nothing at all. */
  get isFinished(): boolean {
    return this.state === 'picture';
  }

  /** Its bytes, which the next picture is drawn in; null where there are none, or they are on the GPU alone. */
  get texels(): Uint8Array | null {
    return this.isOnCpu ? this.target.pixels : null;
  }

  /** Height, roughness and metallic; null where no picture had any. */
  get maps(): PictureTarget | null {
    return this.mapsTarget;
  }

  /** @throws RangeError when the texture's pixel art is out of range */
  prepareAsync(): Promise<Draw> {
    return this.drawing.prepareAsync();
  }

  show(picture: Picture, draw: Draw, isPreview: boolean): void {
    draw(picture);
    if (picture.hasMaps) picture.drawMapsInto(this.targetOfMaps());
    this.state = isPreview ? 'preview' : 'picture';
    this.isOnCpu = picture instanceof PixelPicture;
  }

  /** Has the copy of the texture show the same. */
  copyTo(copy: ShownPicture): void {
    if (!this.isThere) return;
    this.target.copyTo(copy.target);
    if (this.mapsTarget) this.mapsTarget.copyTo(copy.targetOfMaps());
    [copy.state, copy.isOnCpu] = [this.state, this.isOnCpu];
  }

  /**
   * After a lost device, what it showed is gone, and counts as a preview, should a request that is running fail.
   *
   * @returns false where Babylon has kept the bytes
   */
  restore(): boolean {
    this.drawing.restore();
    if (this.isOnCpu) return false;
    if (this.isThere) this.state = 'preview';
    return true;
  }

  dispose(): void {
    this.drawing.dispose();
    this.mapsTarget?.texture.dispose();
  }

  private targetOfMaps(): PictureTarget {
    this.mapsTarget ??= createMapsTarget(this.texture, paintedSize(this.look));
    return this.mapsTarget;
  }
}
