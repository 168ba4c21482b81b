import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { loadModelFolder, modelFolderFiles } from '../../runtime/index.ts';
import { plainIndex } from '../../runtime/testing/foreignFolders.ts';
import { tinyAttributes, tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { printedBy } from '../testing/printedBy.ts';
import { type ShapesModel, shapesModel } from '../testing/shapesModel.ts';

let shapes: ShapesModel;

beforeAll(async () => {
  shapes = await shapesModel();
  const smooth = { ...tinyDataset({ widthPx: 16, heightPx: 16, perClass: 500 }), attribution: 'drawn by formula' };
  await writeDataset(shapes.at('smooth'), { ...smooth, attributes: tinyAttributes({ perClass: 500 }) }, 'shapes');
});

afterAll(() => shapes.remove());

const palette = (...words: string[]) => printedBy('palette', shapes.at('model'), ...words);

it('gives a model the palette of its data, changes nothing else, and takes it out again', async () => {
  const before = await shapes.readIndex();
  expect(await palette('--data', shapes.at('data'), '--deviation', '0.05')).toMatch(
    /palette: \d+ colours in 32 parts of 18 images/,
  );
  const { palette: stored, ...others } = (await shapes.readIndex()).figment;
  expect({ ...before, figment: others }).toEqual(before);
  const { index } = await loadModelFolder(diskSource(shapes.at('model')));
  expect(index.figment.palette).toMatchObject({ deviation: 0.05 });
  const { colours, offsets, places } = index.figment.palette!;
  expect(colours.length).toBeGreaterThan(3 * 10);
  expect(offsets!.length).toBe(colours.length);
  expect(offsets!.some((offset) => offset !== 0)).toBe(true); // the auto-encoder has learnt nothing
  expect([places!.parts.length, places!.shares.length]).toEqual([32 * 16 * 16, (32 * colours.length) / 3]);
  expect(await printedBy('inspect', shapes.at('model'))).toMatch(
    /^palette +\d+ colours, by label and attributes and by place$/m,
  );
  expect(await palette()).toMatch(/has none now/);
  expect([(stored as { deviation: number }).deviation, await shapes.readIndex()]).toEqual([0.05, before]);
});

it('lets colours be anywhere where it is told so, or where pictures repeat', async () => {
  await palette('--data', shapes.at('data'), '--parts', '0');
  const paletteOf = async (name: string) => (await loadModelFolder(diskSource(shapes.at(name)))).index.figment.palette!;
  expect((await paletteOf('model')).places).toBeUndefined();
  await palette();
  const { index, ...files } = shapes.files;
  const circular = { ...files, index: { ...index, figment: { ...index.figment, circularPadding: true } } };
  await writeFilesAtomic(shapes.at('tiles'), await modelFolderFiles(circular));
  expect(await printedBy('palette', shapes.at('tiles'), '--data', shapes.at('data'))).toMatch(
    /\d+ colours of 18 images/,
  );
  const { places, offsets } = await paletteOf('tiles');
  expect([places, offsets?.length]).toEqual([undefined, expect.any(Number)]);
});

it('gives one to a folder as diffusers writes it, whose index has nothing of Figment', async () => {
  const { labels } = tinyDataset();
  const files = await modelFolderFiles(tinyModelFiles({ labels }));
  await writeFilesAtomic(shapes.at('plain'), plainIndex(files, { labels }));
  await printedBy('palette', shapes.at('plain'), '--data', shapes.at('data'));
  const { index } = await loadModelFolder(diskSource(shapes.at('plain')));
  expect(index.labels).toEqual(labels);
  expect(index.figment.palette!.colours.length).toBeGreaterThan(3 * 10);
});

it('takes the place of one that cannot be read, or takes that out', async () => {
  const index = await shapes.readIndex();
  const broken = { ...index, figment: { ...index.figment, palette: { colours: 'AAAA', logits: '', deviation: 0.05 } } };
  const load = () => loadModelFolder(diskSource(shapes.at('model')));
  for (const words of [['--data', shapes.at('data')], []]) {
    await writeFilesAtomic(shapes.at('model'), { 'model_index.json': encodeJson(broken) });
    await expect(load()).rejects.toThrow(/make it again by figment palette/);
    await palette(...words);
    expect(Boolean((await load()).index.figment.palette)).toBe(words.length > 0);
  }
  expect(await shapes.readIndex()).toEqual(index);
});

it('takes nothing away where an option says that somebody wants one', async () => {
  const before = await shapes.readIndex();
  await expect(palette('--deviation', '0.05')).rejects.toThrow(
    /--deviation is of no use without --data; without any option the palette is taken out/,
  );
  expect(await shapes.readIndex()).toEqual(before);
});

it('refuses data with gradients, and says what it expects', async () => {
  await expect(palette('--data', shapes.at('smooth'))).rejects.toThrow(
    /palette: .*more than 1024 colours; expected pixel art/,
  );
});
