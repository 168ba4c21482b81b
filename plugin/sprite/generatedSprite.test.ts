import type { Scene } from '@babylonjs/core/scene.js';
import { decode } from 'fast-png';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AssetGenerator } from '../assetGenerator.ts';
import { createScene, loadTiny, loadTinyWalks, uploadedTo } from '../testing/tinyScene.ts';
import type { GeneratedSprites } from './generatedSprites.ts';

const [WIDTH, HEIGHT, NUM_FRAMES] = [8, 12, 3];

let scene: Scene;
let walks: AssetGenerator;
let sprites: GeneratedSprites;

beforeEach(async () => {
  scene = createScene();
  walks = await loadTinyWalks(scene);
  sprites = await walks.generateSpritesAsync({ labels: ['elf', 'orc'], count: 3, seed: 3, worldHeight: 1.5 });
});

afterEach(() => scene.getEngine().dispose());

/** RGBA of the frame with this index, as the manager finds it on a sheet. */
function frameOf(sheet: Uint8Array, sheetWidth: number, cellIndex: number): number[] {
  const perRow = sheetWidth / WIDTH;
  const [left, top] = [(cellIndex % perRow) * WIDTH, Math.floor(cellIndex / perRow) * HEIGHT];
  return Array.from({ length: HEIGHT }, (_, y) => {
    const from = 4 * ((top + y) * sheetWidth + left);
    return [...sheet.subarray(from, from + 4 * WIDTH)];
  }).flat();
}

/** The same of a picture with its frames in a row. */
const inRow = (picture: Uint8Array, frame: number) => frameOf(picture, NUM_FRAMES * WIDTH, frame);

describe('sprites of characters', () => {
  it('have a cell for each character, and its frames one after the other', async () => {
    expect([sprites.cellWidth, sprites.cellHeight]).toEqual([WIDTH, HEIGHT]);
    const { width } = sprites.texture.getSize();
    const sheet = uploadedTo(sprites.texture);
    for (const [cell, recipe] of sprites.cells.entries()) {
      const picture = await walks.generatePixelsAsync(recipe!);
      for (let frame = 0; frame < NUM_FRAMES; frame++) {
        expect(frameOf(sheet, width, cell * NUM_FRAMES + frame)).toEqual(inRow(picture, frame));
      }
    }
  });

  it('walk and stand', () => {
    const [, elf] = [sprites.createSprite('elf'), sprites.createSprite('elf')];
    expect([elf.cell, elf.cellIndex]).toEqual([2, 6]); // it stands, as the first frame does
    expect([elf.width, elf.height]).toEqual([1, 1.5]);
    expect(elf.animationNames).toEqual(['stand-down', 'walk-left']);
    elf.play('walk', 'left');
    expect([elf.fromIndex, elf.toIndex, elf.loopAnimation, elf.delay]).toEqual([7, 8, true, 125]);
    elf._animate(130);
    expect(elf.cellIndex).toBe(8);
    elf.play('walk');
    expect(elf.cellIndex).toBe(8); // it goes on
    elf.play('walk', 'left', { speed: 2 });
    expect([elf.cellIndex, elf.delay]).toEqual([7, 62.5]);
    elf.stand();
    expect([elf.cellIndex, elf.animationStarted, elf.cell]).toEqual([6, false, 2]);
    expect(elf.stand('left').cellIndex).toBe(7); // there is no frame of standing
    let numEnds = 0;
    elf.play('walk', 'left', { loop: false, onEnd: () => numEnds++ });
    for (let i = 0; i < 3; i++) elf._animate(130);
    expect([numEnds, elf.animationStarted]).toEqual([1, false]);
  });

  it('end a walk that was looped, and an action of a single frame after its time', () => {
    const elf = sprites.createSprite('elf').play('walk', 'left');
    const ended: string[] = [];
    elf.play('walk', 'left', { loop: false, onEnd: () => ended.push('walk') });
    for (let i = 0; i < 3; i++) elf._animate(130);
    elf.play('stand', 'down', { loop: false, onEnd: () => ended.push('stand') });
    elf._animate(50);
    expect([ended, elf.cellIndex]).toEqual([['walk'], 0]);
    elf._animate(1000);
    expect([ended, elf.cellIndex, elf.animationStarted]).toEqual([['walk', 'stand'], 0, false]);
  });

  it('are 1 high unless told otherwise, and as wide as their frames', async () => {
    const crowd = await walks.generateSpritesAsync({ labels: ['elf'], seed: 3 });
    const { width, height } = crowd.createSprite('elf');
    expect([width, height]).toEqual([WIDTH / HEIGHT, 1]);
  });

  it('refuse what there are no frames of', async () => {
    const elf = sprites.createSprite('elf');
    expect(() => elf.play('run')).toThrow('play: there are no frames of "run"; did you mean "stand-down"? known:');
    expect(() => elf.play('wlak', 'left')).toThrow('there are no frames of "wlak-left"; did you mean "walk-left"?');
    expect(() => elf.stand('up')).toThrow('no frames of "stand-up"');
    expect(() => elf.play('walk', 'left', { speed: 0 })).toThrow('speed is 0; expected a number above 0');
    const single = (await (await loadTiny(scene)).generateSpritesAsync({ labels: ['elf'], seed: 1 })).createSprite(
      'elf',
    );
    expect(() => single.play('walk')).toThrow('the model makes single pictures; load a model of frames');
    expect([single.cell, single.stand().cellIndex]).toEqual([0, 0]);
  });

  it('are repainted whole, while they walk', async () => {
    const orc = sprites.createSprite('orc').play('walk', 'left');
    const index = orc.cellIndex;
    await sprites.repaintCellAsync(orc.cell, { seed: 9 });
    expect(orc.cellIndex).toBe(index);
    const picture = await walks.generatePixelsAsync({ label: 'orc', seed: 9 });
    const { width } = sprites.texture.getSize();
    expect(frameOf(uploadedTo(sprites.texture), width, index)).toEqual(inRow(picture, 1));
    expect(frameOf(uploadedTo(sprites.texture), width, index + 1)).toEqual(inRow(picture, 2));
  });

  it('are packed with their animations', async () => {
    const { png, json } = await sprites.packAsync();
    expect(Object.keys(json.frames).slice(0, 3)).toEqual([
      'elf-3-stand-down-0',
      'elf-3-walk-left-0',
      'elf-3-walk-left-1',
    ]);
    expect(json.animations!['orc-4-walk-left']).toEqual(['orc-4-walk-left-0', 'orc-4-walk-left-1']);
    const { frame, duration, pivot } = json.frames['orc-4-walk-left-1']!;
    expect(duration).toBe(150);
    expect(pivot!.x).toBe(0.5);
    const sheet = decode(png);
    const index = (frame.y / HEIGHT) * (sheet.width / WIDTH) + frame.x / WIDTH;
    const picture = await walks.generatePixelsAsync({ label: 'orc', seed: 4 });
    expect(frameOf(sheet.data as Uint8Array, sheet.width, index)).toEqual(inRow(picture, 2));
  });
});
