import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadModelFolder, modelFolderFiles } from '../../runtime/index.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { printedBy } from '../testing/printedBy.ts';
import { type ShapesModel, shapesModel } from '../testing/shapesModel.ts';
import { gridFor } from './runProbe.ts';

let shapes: ShapesModel;

beforeAll(async () => {
  shapes = await shapesModel();
});

afterAll(() => shapes.remove());

it('gives a model a probe of its data, changes nothing else, and takes it out again', async () => {
  const before = await shapes.readIndex();
  const printed = await printedBy(
    ...['probe', shapes.at('model'), '--data', shapes.at('data')],
    ...['--rate', '0.4', '--held-out', '0.34', '--steps', '20'],
  );
  expect(printed).toMatch(/probe: written to .*model; of 6 images it reads label [01]\.\d\d, tone [01]\.\d\d$/);
  const { probe: stored, ...others } = (await shapes.readIndex()).figment;
  expect({ ...before, figment: others }).toEqual(before);
  const { index } = await loadModelFolder(diskSource(shapes.at('model')));
  expect(index.figment.probe).toMatchObject({ rate: 0.4, grid: 8 });
  expect(index.figment.probe!.bias).toHaveLength(3 + 3);
  expect(index.figment.probe!.margins).toHaveLength(2);
  expect(await printedBy('inspect', shapes.at('model'))).toMatch(/^probe +of 6 words$/m);
  expect(await printedBy('probe', shapes.at('model'))).toMatch(/has none now/);
  expect([(stored as { rate: number }).rate, await shapes.readIndex()]).toEqual([0.4, before]);
});

it('reads a seamless model as it is shifted, too', async () => {
  const { files, at } = shapes;
  const figment = { ...files.index.figment, circularPadding: true };
  await writeFilesAtomic(at('seamless'), await modelFolderFiles({ ...files, index: { ...files.index, figment } }));
  const printed = await printedBy('probe', at('seamless'), '--data', at('data'), '--steps', '20', '--held-out', '0.34');
  expect(printed).toMatch(/of 6 images it reads label [01]\.\d\d, tone [01]\.\d\d$/);
  const { index } = await loadModelFolder(diskSource(at('seamless')));
  expect(index.figment.probe!.margins.every(Number.isFinite)).toBe(true);
});

it('emphasises what it is told to, by margins alone', async () => {
  const probeWith = async (...more: string[]) => {
    const given = ['--data', shapes.at('data'), '--steps', '150', '--held-out', '0.34'];
    await printedBy('probe', shapes.at('model'), ...given, ...more);
    return (await shapes.readIndex()).figment.probe as { margins: number[]; weights: string };
  };
  const plain = await probeWith();
  const { margins, ...others } = await probeWith('--emphasis', 'tone=2');
  expect(plain).toEqual({ ...others, margins: plain.margins });
  expect(plain.margins[1]).toBeGreaterThan(0);
  expect([margins[0], margins[1]! / plain.margins[1]!]).toEqual([plain.margins[0], expect.closeTo(2, 2)]);
  await expect(probeWith('--emphasis', 'tome=2')).rejects.toThrow(
    'probe: --emphasis: a probe does not read "tome"; did you mean "tone"? It reads label, tone',
  );
  await printedBy('probe', shapes.at('model'));
});

it('sees as many cells as an index can hold', () => {
  const model = { labels: ['a', 'b'], vocabulary: { hue: Array.from({ length: 98 }, (_, i) => `${i}`) } };
  const grids = [1, 100, 207, 208, 7500].map((channels) => gridFor([16, 6, channels], model));
  expect(grids).toEqual([6, 6, 6, 6, 1]);
  expect(gridFor([16, 16, 100], model)).toBe(8);
  expect(gridFor([16, 16, 208], model)).toBe(6);
  expect(gridFor([16, 16, 100], model, 3)).toBe(3);
  expect(() => gridFor([16, 16, 208], model, 8)).toThrow(
    'probe: 8×8 cells of 20800 bytes each are more than the 750000 that model_index.json may hold; name a --grid of at most 6',
  );
  expect(() => gridFor([16, 16, 7501], model)).toThrow('a model of fewer labels and words can have a probe');
});

it('refuses a model of pixels, and data of other attributes', async () => {
  const { vaeConfig: _, vae: __, ...ofPixels } = shapes.files;
  const { vae: ___, ...index } = ofPixels.index;
  await writeFilesAtomic(shapes.at('pixels'), await modelFolderFiles({ ...ofPixels, index }));
  await expect(printedBy('probe', shapes.at('pixels'), '--data', shapes.at('data'))).rejects.toThrow(
    /probe: .*pixels has no auto-encoder, and a probe reads latents; name a model that was trained with --vae/,
  );
  const others = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
  await writeDataset(shapes.at('others'), others, 'shapes');
  await expect(printedBy('probe', shapes.at('model'), '--data', shapes.at('others'))).rejects.toThrow(
    /probe: the model knows other attributes, or other values of them, than the data/,
  );
});
