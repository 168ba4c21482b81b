import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  averageWeights,
  isOfDecoder,
  loadModelFolder,
  type ModelContent,
  modelFolderFiles,
} from '../../runtime/index.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import { printedBy } from '../testing/printedBy.ts';
import { type ShapesModel, shapesModel } from '../testing/shapesModel.ts';

let shapes: ShapesModel;

const halved = (weights: ModelContent['unet'] = new Map()) => {
  const zeros = new Map([...weights].map(([name, { shape, data }]) => [name, { shape, data: data.map(() => 0) }]));
  return averageWeights(weights, zeros, 'zeros', 0.5);
};

const write = async (name: string, content: ModelContent) =>
  writeFilesAtomic(shapes.at(name), await modelFolderFiles(content));

beforeAll(async () => {
  shapes = await shapesModel();
  const { files } = shapes;
  const grain = { side: 3, textons: new Float32Array(files.index.labels.length * 9 * files.index.figment.channels) };
  const grained = { ...files, index: { ...files.index, figment: { ...files.index.figment, grain } } };
  await write('grained', grained);
  await write('half', { ...files, unet: halved(files.unet) });
  const ofEncoder = new Map([...files.vae].filter(([name]) => !isOfDecoder(name)));
  await write('blurred', { ...files, vae: new Map([...halved(files.vae), ...ofEncoder]) });
  await write('recoded', { ...files, vae: new Map([...files.vae, ...halved(ofEncoder)]) });
  await write('stranger', tinyModelFiles({ labels: ['a', 'b'] }));
});

afterAll(() => shapes.remove());

const average = (model: string, other: string, out: string, ...words: string[]) =>
  printedBy('average', shapes.at(model), shapes.at(other), '--out', shapes.at(out), ...words);
const load = (name: string) => loadModelFolder(diskSource(shapes.at(name)));

it('writes a model of the weights between, and all else as the model has it', async () => {
  expect(await average('grained', 'half', 'between', '--share', '0.25')).toMatch(/^average: 75 % of .* and 25 % of /m);
  const [model, between] = [await load('grained'), await load('between')];
  for (const [name, { data }] of model.unet) {
    const expected = Array.from(data, (value) => 0.875 * value);
    const found = between.unet.get(name)!.data;
    for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 3); // float16
  }
  const { sha256: _, decoder: __, ...facts } = model.index.figment;
  expect(between.index.figment).toMatchObject(facts);
});

it('takes out what is known of another decoder', async () => {
  await average('grained', 'blurred', 'newDecoder');
  expect((await load('newDecoder')).index.figment.grain).toBeUndefined();
});

it('refuses models that are no two trainings of one, and to write over a model', async () => {
  await expect(average('grained', 'stranger', 'no')).rejects.toThrow(/differs in labels, .*name a model and one that/);
  await expect(average('grained', 'recoded', 'no')).rejects.toThrow(
    /recoded differs in the encoder, whose latents are/,
  );
  await expect(average('grained', 'half', 'stranger')).rejects.toThrow(/holds a model already; choose another --out/);
  await expect(average('grained', 'half', 'no', '--share', '2')).rejects.toThrow(/--share/);
});
