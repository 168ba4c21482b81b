import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadModelFolder, modelFolderFiles } from '../../runtime/index.ts';
import { tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { printedBy } from '../testing/printedBy.ts';
import { type ShapesModel, shapesModel } from '../testing/shapesModel.ts';

let shapes: ShapesModel;

beforeAll(async () => {
  shapes = await shapesModel();
});

afterAll(() => shapes.remove());

const regions = (...more: string[]) =>
  printedBy('regions', shapes.at('model'), '--data', shapes.at('data'), '--held-out', '0', ...more);

it('gives a model the region of an attribute, changes nothing else, and takes it out again', async () => {
  const before = await shapes.readIndex();
  const printed = await regions('--attributes', 'tone', '--share', '0.3');
  const { regions: stored, ...others } = (await shapes.readIndex()).figment as { regions: { tone: string[] } };
  expect({ ...before, figment: others }).toEqual(before);
  expect(stored.tone).toHaveLength(8);
  expect(stored.tone.join('')).toMatch(/^[.#]{64}$/);
  expect(stored.tone.join('')).toContain('#');
  expect(printed).toContain(`regions: tone shows in\n${stored.tone.join('\n')}\n`);
  const { index } = await loadModelFolder(diskSource(shapes.at('model')));
  expect(index.figment.regions).toEqual(stored);
  expect(await printedBy('inspect', shapes.at('model'))).toMatch(/^regions +of tone$/m);
  expect(await printedBy('regions', shapes.at('model'))).toMatch(/has none now/);
  expect(await shapes.readIndex()).toEqual(before);
});

it.each([
  [[], /regions: --attributes is missing; name those that show in the same part of all pictures, such as expression/],
  [['--attributes', 'ton'], /ton.*tone/],
  [
    ['--attributes', 'tone', '--share', '1'],
    /regions: no attribute shows in a part of the pictures; give another --share, or do without/,
  ],
])('refuses %j', async (options, message) => {
  const before = await shapes.readIndex();
  await expect(regions(...options)).rejects.toThrow(message);
  expect(await shapes.readIndex()).toEqual(before);
});

it('refuses a model of pixels, and data of other attributes', async () => {
  const { vaeConfig: _, vae: __, ...ofPixels } = shapes.files;
  const { vae: ___, ...index } = ofPixels.index;
  await writeFilesAtomic(shapes.at('pixels'), await modelFolderFiles({ ...ofPixels, index }));
  const ofTone = ['--attributes', 'tone'];
  await expect(printedBy('regions', shapes.at('pixels'), '--data', shapes.at('data'), ...ofTone)).rejects.toThrow(
    /regions: .*pixels has no auto-encoder, and regions are of latents; name a model that was trained with --vae/,
  );
  const others = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };
  await writeDataset(shapes.at('others'), others, 'shapes');
  await expect(printedBy('regions', shapes.at('model'), '--data', shapes.at('others'), ...ofTone)).rejects.toThrow(
    /regions: the model knows other attributes, or other values of them, than the data/,
  );
});

it('asks for attributes before it reads data', async () => {
  const missing = printedBy('regions', shapes.at('model'), '--data', shapes.at('nowhere'));
  await expect(missing).rejects.toThrow(/--attributes is missing/);
});
