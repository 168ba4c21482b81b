// How a picture gets into the cell of a sheet: as it is, or as pixel art.
import type { Scene } from '@babylonjs/core/scene.js';
import type { Picture } from '../painting/painter.ts';
import { createTexelTexture, PictureTarget } from '../texture/texelTexture.ts';
import { TextureDrawing } from '../texture/textureDrawing.ts';
import { drawnCellSize, type SheetCells } from './sheetLayout.ts';

/** Draws a picture into a sheet, with its left upper corner there. */
export type Draw = (picture: Picture, sheet: PictureTarget, x: number, y: number) => void;

const drawPlain: Draw = (picture, sheet, x, y) => picture.drawInto(sheet, x, y);

/** Draws the cells of one sheet. What makes pixel art is loaded when the first cell needs it. */
export class CellDrawing {
  /** Where a cell is drawn as pixel art before it is copied into the sheet. */
  private art: { drawing: TextureDrawing; drawn: PictureTarget } | null = null;

  constructor(
    private readonly scene: Scene,
    private readonly layout: SheetCells,
  ) {}

  /** @throws RangeError when the sheet's pixel art is out of range */
  async prepareAsync(): Promise<Draw> {
    if (!this.layout.pixelArt) return drawPlain;
    this.art ??= this.createArt();
    const { drawing, drawn } = this.art;
    const draw = await drawing.prepareAsync();
    return (picture, sheet, x, y) => {
      draw(picture);
      drawn.copyTo(sheet, x, y);
    };
  }

  private createArt() {
    const [width, height] = drawnCellSize(this.layout);
    const drawn = new PictureTarget(createTexelTexture(this.scene, width, height), width, height, false);
    return { drawing: new TextureDrawing(drawn, { wraps: false, ...this.layout.pixelArt }), drawn };
  }

  dispose(): void {
    this.art?.drawing.dispose();
    this.art?.drawn.texture.dispose();
  }
}
