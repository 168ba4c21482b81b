import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { loadModelFolder, modelFolderFiles } from '../../runtime/index.ts';
import { tinyAttributes, tinyMaterials } from '../../runtime/testing/tinyDataset.ts';
import { TINY_FRAMES, tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { printedBy } from '../testing/printedBy.ts';
import { type ShapesModel, shapesModel } from '../testing/shapesModel.ts';

let shapes: ShapesModel;

beforeAll(async () => {
  shapes = await shapesModel();
  const materials = tinyMaterials({ widthPx: 16, heightPx: 16 });
  const data = { ...materials, attribution: 'drawn by formula', attributes: tinyAttributes() };
  await writeDataset(shapes.at('maps'), data, 'materials');
  const options = { labels: [...materials.labels], channels: 6 as const, circularPadding: true };
  await writeFilesAtomic(shapes.at('tiles'), await modelFolderFiles(tinyModelFiles(options)));
  const framed = tinyModelFiles({ labels: [...materials.labels], frames: TINY_FRAMES, channels: 3 });
  await writeFilesAtomic(shapes.at('framed'), await modelFolderFiles(framed));
});

afterAll(() => shapes.remove());

const grain = (model: string, ...words: string[]) => printedBy('grain', shapes.at(model), ...words);
const load = async () => (await loadModelFolder(diskSource(shapes.at('tiles')))).index;

it('gives a model the grain of its data, changes nothing else, and takes it out again', async () => {
  const before = await load();
  expect(await grain('tiles', '--data', shapes.at('maps'))).toMatch(/^grain: that of 3 labels, written to /m);
  const { grain: found, ...others } = (await load()).figment;
  expect({ ...before, figment: others }).toEqual(before);
  expect([found!.side, found!.textons.length]).toEqual([11, 3 * 11 * 11 * 6]);
  expect(found!.textons.some((value) => value !== 0)).toBe(true); // the auto-encoder has learnt nothing
  expect(found!.textons.filter((_, at) => at % 6 === 5).every((value) => value === 0)).toBe(true);
  expect(await printedBy('inspect', shapes.at('tiles'))).toMatch(/^grain +by textons of 11×11 pixels$/m);
  expect(await grain('tiles')).toMatch(/has none now/);
  expect(await load()).toEqual(before);
});

it('is of some labels alone where they are named', async () => {
  const { labels } = await load();
  const [first, , last] = labels as [string, string, string];
  const words = ['--data', shapes.at('maps'), '--labels', `${last},${first}`];
  expect(await grain('tiles', ...words)).toMatch(/^grain: that of 2 labels, written to /m);
  const { textons } = (await load()).figment.grain!;
  const size = textons.length / labels.length;
  const hasGrain = labels.map((_, i) => textons.slice(i * size, (i + 1) * size).some((value) => value !== 0));
  expect(hasGrain).toEqual([true, false, true]);
  await expect(grain('tiles', '--data', shapes.at('maps'), '--labels', 'fog')).rejects.toThrow(
    /grain: --labels: label "fog" is unknown; did you mean .*known labels: /,
  );
  await grain('tiles');
});

it('takes the place of one that cannot be read', async () => {
  const file = shapes.at('tiles', 'model_index.json');
  const index = JSON.parse(await readFile(file, 'utf8'));
  const broken = { ...index, figment: { ...index.figment, grain: { side: 3, textons: 'AAAA', unit: 1 } } };
  await writeFilesAtomic(shapes.at('tiles'), { 'model_index.json': encodeJson(broken) });
  await expect(load()).rejects.toThrow(/figment.grain: textons: .*make them again by figment grain/);
  await grain('tiles', '--data', shapes.at('maps'));
  expect((await load()).figment.grain!.side).toBe(11);
  await grain('tiles');
});

it('is for whole pictures, and takes nothing away where an option says that somebody wants it', async () => {
  await expect(grain('model', '--data', shapes.at('data'))).rejects.toThrow(/makes pictures with transparency/);
  await expect(grain('framed', '--data', shapes.at('data'))).rejects.toThrow(/makes pictures with frames; expected/);
  await expect(grain('tiles', '--quiet', '0.5')).rejects.toThrow(/--quiet is of no use without --data/);
});
