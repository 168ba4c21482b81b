// How a picture gets into the cell of a sheet: as it is, or as pixel art.
import type { Scene } from '@babylonjs/core/scene.js';
import type { Picture } from '../painting/painter.ts';
import type { PixelArtBrush } from '../texture/pixelArtBrush.ts';
import { createTexelTexture, PictureTarget } from '../texture/texelTexture.ts';
import { drawnCellSize, type SheetCells } from './sheetLayout.ts';

/** Draws a picture into a sheet, with its left upper corner there. */
export type Draw = (picture: Picture, sheet: PictureTarget, x: number, y: number) => void;

const drawPlain: Draw = (picture, sheet, x, y) => picture.drawInto(sheet, x, y);

/** Draws the cells of one sheet. What makes pixel art is loaded when the first cell needs it. */
export class CellDrawing {
  /** The brush, and where it draws a cell before that is copied into the sheet. */
  private brush: Promise<{ brush: PixelArtBrush; drawn: PictureTarget }> | null = null;

  constructor(
    private readonly scene: Scene,
    private readonly layout: SheetCells,
  ) {}

  /** @throws RangeError when the sheet's pixel art is out of range */
  async prepareAsync(): Promise<Draw> {
    if (!this.layout.pixelArt) return drawPlain;
    this.brush ??= this.loadBrush(this.layout.pixelArt);
    const { brush, drawn } = await this.brush;
    await brush.prepareAsync();
    return (picture, sheet, x, y) => {
      brush.draw(picture);
      drawn.copyTo(sheet, x, y);
    };
  }

  private async loadBrush(look: NonNullable<SheetCells['pixelArt']>) {
    const { checkPixelArt, PixelArtBrush } = await import('../texture/pixelArtBrush.ts');
    checkPixelArt(look);
    const [width, height] = drawnCellSize(this.layout);
    const drawn = new PictureTarget(createTexelTexture(this.scene, width, height), width, height, false);
    return { brush: new PixelArtBrush(drawn, { wraps: false, ...look }), drawn };
  }

  dispose(): void {
    this.brush
      ?.then(({ brush, drawn }) => {
        brush.dispose();
        drawn.texture.dispose();
      })
      .catch(() => {}); // the brush could not be loaded
  }
}
