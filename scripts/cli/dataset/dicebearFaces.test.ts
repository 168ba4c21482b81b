import { describe, expect, it } from 'vitest';
import { drawFaces, FACE_LABELS } from './dicebearFaces.ts';

describe('drawFaces', () => {
  it('draws labelled faces at the size asked for', async () => {
    const calls: number[] = [];
    const dataset = await drawFaces({ count: 3, sizePx: 32, seed: 1, onProgress: (numDone) => calls.push(numDone) });
    expect(dataset).toMatchObject({ widthPx: 32, heightPx: 32, channels: 4, labels: FACE_LABELS });
    expect([...dataset.classLabels]).toEqual([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
    expect(dataset.images).toHaveLength(15 * 32 * 32 * 4);
    expect(calls).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
    expect(dataset.licence).toMatch(/^CC0 1\.0 \(https:\/\/creativecommons\.org/);
    expect(dataset.attribution).toMatch(/"Pixel Art" by DiceBear/);
  });

  it('keeps pixels square: a large face is the small one with every pixel repeated', async () => {
    const small = await drawFaces({ count: 1, sizePx: 16, seed: 2 });
    const large = await drawFaces({ count: 1, sizePx: 48, seed: 2 });
    const pixelOf = (images: Uint8Array, size: number, face: number, y: number, x: number) =>
      images.subarray(((face * size + y) * size + x) * 4, ((face * size + y) * size + x) * 4 + 4).join();
    for (let face = 0; face < 5; face++) {
      for (let y = 0; y < 48; y++) {
        for (let x = 0; x < 48; x++) {
          const expected = pixelOf(small.images, 16, face, Math.floor(y / 3), Math.floor(x / 3));
          if (pixelOf(large.images, 48, face, y, x) !== expected) expect.fail(`face ${face}, row ${y}, column ${x}`);
        }
      }
    }
  });

  it('has figures on a transparent ground, in colour', async () => {
    const { images } = await drawFaces({ count: 8, sizePx: 16 });
    const faces = Array.from({ length: 40 }, (_, face) => images.subarray(face * 1024, (face + 1) * 1024));
    for (const face of faces) {
      expect(face[3]).toBe(0); // the upper left corner
      expect(face[(15 * 16 + 8) * 4 + 3]).toBe(255); // the chest
      const colours = new Set(Array.from({ length: 256 }, (_, i) => face.slice(i * 4, i * 4 + 3).join()));
      expect(colours.size).toBeGreaterThan(4);
    }
  });

  it('is fixed by the seed, and no two faces are alike', async () => {
    const options = { count: 40, sizePx: 16, seed: 3 };
    const { images } = await drawFaces(options);
    expect(Buffer.compare((await drawFaces(options)).images, images)).toBe(0);
    expect(Buffer.compare((await drawFaces({ ...options, seed: 4 })).images, images)).not.toBe(0);
    const faces = Array.from({ length: 200 }, (_, i) => images.subarray(i * 1024, (i + 1) * 1024).join());
    expect(new Set(faces).size).toBe(200);
  });

  it('knows of each face what was drawn', async () => {
    const { attributes, images } = await drawFaces({ count: 40, sizePx: 16, seed: 3 });
    const [hair, hairColour, mouth, clothes, skin] = attributes!;
    for (const column of [hair!, hairColour!, mouth!, clothes!]) {
      expect(new Set(column.data).size, column.name).toBe((column.values as string[]).length);
      expect(Math.min(...column.data)).toBe(0);
    }
    expect(hair!.data.subarray(3 * 40, 4 * 40)).toEqual(new Int16Array(40).fill(1)); // the label long_hair
    expect(Math.min(...skin!.data)).toBe(0);
    expect(Math.max(...skin!.data)).toBe(1);
    const cheek = (face: number) => images[face * 1024 + 4 * (8 * 16 + 4)]!;
    const dark = Array.from(skin!.data.keys()).filter((face) => skin!.data[face] === 1);
    const light = Array.from(skin!.data.keys()).filter((face) => skin!.data[face] === 0);
    const mean = (faces: number[]) => faces.reduce((sum, face) => sum + cheek(face), 0) / faces.length;
    expect(mean(light)).toBeGreaterThan(mean(dark) + 30);
  });

  it('gives up when a face never differs from those it has', async () => {
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"></svg>';
    const drawOne = () => ({ toString: () => svg, toJson: () => ({ extra: {} }) });
    const monotonous = (name: string) =>
      name === '@dicebear/core' ? Promise.resolve({ createAvatar: drawOne }) : import(name);
    await expect(drawFaces({ count: 2 }, monotonous)).rejects.toThrow(
      'dataset dicebear: there are no more different faces for "glasses"; ask for a smaller count',
    );
  });

  it('says which package is missing and how to get it', async () => {
    const withoutResvg = (name: string) =>
      name.includes('resvg') ? Promise.reject(new Error('Cannot find package')) : import(name);
    await expect(drawFaces({ count: 1 }, withoutResvg)).rejects.toThrow(
      'dataset dicebear: package @resvg/resvg-js is not installed; ' +
        'run npm i -D @dicebear/core @dicebear/pixel-art @resvg/resvg-js',
    );
  });
});
