// A figure of given pixels, in front of an eye, on an engine without a GPU.
import '@babylonjs/core/Culling/ray.js';
import { FreeCamera } from '@babylonjs/core/Cameras/freeCamera.js';
import { Color4 } from '@babylonjs/core/Maths/math.color.js';
import { Matrix, Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { expect, it } from 'vitest';
import { createScene, loadTiny, loadTinyWalks } from '../../../plugin/testing/tinyScene.ts';
import { SpriteFigure } from './figure.ts';

const SIZE_PX = 16;
const SIZE_M = 1.6;

it('is met where its picture has something, stands on its lowest pixel, and takes no clicks beside it', async () => {
  const scene = createScene();
  const tiny = await loadTiny(scene);
  const sheet = await tiny.generateSpritesAsync({ labels: ['elf'], seed: 1 });
  const figure = new SpriteFigure(sheet, 0, SIZE_M / SIZE_PX, null, () => new Color4(1, 1, 1, 1));
  const pixels = new Uint8Array(4 * SIZE_PX * SIZE_PX);
  const isIn = (column: number, row: number) => column >= 2 && column < 6 && row >= 3 && row < 14;
  for (let i = 0; i < SIZE_PX * SIZE_PX; i++) {
    if (isIn(i % SIZE_PX, Math.floor(i / SIZE_PX))) pixels[4 * i + 3] = 255;
  }
  const eye = new FreeCamera('eye', new Vector3(1, 2, -4), scene);
  eye.setTarget(new Vector3(0.2, 1, 3));
  eye.computeWorldMatrix();
  const [right, up] = [Vector3.Right(), Vector3.Up()].map((axis) => eye.getDirection(axis)) as [Vector3, Vector3];
  const rayTo = (middle: Vector3, column: number, row: number) => {
    const [u, v] = [(column + 0.5) / SIZE_PX - 0.5, 0.5 - (row + 0.5) / SIZE_PX];
    const at = middle.add(right.scale(u * SIZE_M)).add(up.scale(v * SIZE_M));
    const screen = Vector3.Project(at, Matrix.Identity(), scene.getTransformMatrix(), eye.viewport.toGlobal(512, 256));
    return scene.createPickingRay(screen.x, screen.y, null, eye);
  };
  scene.updateTransformMatrix();
  figure.hold({ x: 0, y: 0.5, z: 3 });
  expect(figure.isSolidAt(rayTo(new Vector3(0, 0.5 + SIZE_M / 2, 3), 15, 15)), 'before it is known').toBe(true);

  figure.shows(pixels, tiny.info);
  figure.hold({ x: 0, y: 0.5, z: 3 });
  const { position } = sheet.sprites[0]!;
  expect(position.y - SIZE_M / 2 + (2 / SIZE_PX) * SIZE_M).toBeCloseTo(0.5, 6);
  for (let row = -1; row <= SIZE_PX; row++) {
    for (let column = -1; column <= SIZE_PX; column++) {
      expect(figure.isSolidAt(rayTo(position, column, row)), `${column}, ${row}`).toBe(isIn(column, row));
    }
  }
  scene.getEngine().dispose();
});

it('walks where the model has frames, stands as it looked, and is as wide as one frame', async () => {
  const scene = createScene();
  const walks = await loadTinyWalks(scene);
  const sheet = await walks.generateSpritesAsync({ labels: ['elf', 'orc'], seed: 1 });
  const figure = new SpriteFigure(sheet, 1, 0.1, null, () => new Color4(1, 1, 1, 1));
  const sprite = sheet.sprites[0]!;
  expect([sprite.width, sprite.height].map((side) => Math.round(100 * side))).toEqual([80, 120]);
  expect(figure.canWalk).toBe(true);
  figure.walk('left');
  expect([sprite.fromIndex, sprite.toIndex, sprite.animationStarted]).toEqual([4, 5, true]);
  figure.walk('up'); // of which the tiny model has no frames
  expect(sprite.animationStarted).toBe(false);
  figure.walk('left');
  figure.rest('left', false);
  expect([sprite.cellIndex, sprite.animationStarted]).toEqual([4, false]);
  figure.rest('down', true);
  expect(sprite.cellIndex).toBe(3);
  scene.getEngine().dispose();
});
