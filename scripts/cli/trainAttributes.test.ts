// figment train ddpm on data with attributes, from the files of a data set to pictures that are asked for by attributes.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { WordColumn } from '../../runtime/dataset/attributeColumns.ts';
import * as runtime from '../../runtime/index.ts';
import { tinyAttributes, tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import { decodePng } from '../node/png.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { createProgram } from './program.ts';

const VOCABULARY = { tone: ['dark', 'plain', 'light'], growth: { min: 0, max: 1 } };
const SMALL = ['--widths', '8,16', '--layers', '1'];
const dataset = { ...tinyDataset({ widthPx: 16, heightPx: 16 }), attribution: 'drawn by formula' };

let dir: string;
const at = (...names: string[]) => join(dir, ...names);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-attributes-'));
  await writeDataset(at('data'), { ...dataset, attributes: tinyAttributes() }, 'shapes');
  await writeDataset(at('plain'), dataset, 'shapes of which nothing is known');
  await writeFilesAtomic(at('classes'), await runtime.modelFolderFiles(tinyModelFiles({ labels: dataset.labels })));
  await train('run', ...SMALL);
});

afterAll(() => rm(dir, { recursive: true }));

/** Runs `figment train ddpm …` on the data with attributes; returns what it prints. */
async function train(out: string, ...words: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  const folders = ['--data', at('data'), '--vae', at('classes'), '--out', at(out)];
  const options = ['--backend', 'wasm', '--batch', '2', '--held-out', '0.2', '--steps', '2', ...words];
  try {
    await createProgram().parseAsync(['train', 'ddpm', ...folders, ...options], { from: 'user' });
    return log.mock.calls.map(([line]) => line).join('\n');
  } finally {
    log.mockRestore();
  }
}

const load = (name: string) => runtime.loadModelFolder(diskSource(at(name)));

describe('a new model', () => {
  it('has the attributes of the data in its index, its own networks and its recipes', async () => {
    const files = await load('run');
    expect(files.index.figment.attributes).toEqual(VOCABULARY);
    expect(files.unetConfig).toMatchObject({ class_embed_type: 'identity', num_class_embeds: null });
    expect(files.conditioningConfig).toMatchObject({
      embedding_dim: 32,
      num_labels: 3,
      attributes: { tone: 3, growth: 'number' },
    });
    const model = runtime.createModel(files);
    const disc = { label: 'disc', seed: 3 };
    const asked: runtime.Attributes[] = [{}, { tone: 'dark', growth: 1 }, { tone: 'light' }, { tone: 'light' }];
    const requests = asked.map((attributes) => ({ ...disc, attributes }));
    let latents: number[] = [];
    for await (const { x0Pred } of runtime.sample(model, requests)) latents = Array.from(await x0Pred.data());
    const size = latents.length / asked.length;
    const [any, dark, light, same] = asked.map((_, i) => latents.slice(i * size, (i + 1) * size).join());
    expect(new Set([any, dark, light]).size).toBe(3); // though two steps are too few to be seen
    expect(same).toBe(light);
    const wrong = runtime.generate(model, [{ ...disc, attributes: { tone: 'drak' } }]);
    await expect(wrong).rejects.toThrow('generate: tone "drak" is unknown; did you mean "dark"?');
    expect(runtime.modelInfo(model).attributes).toEqual(VOCABULARY);
    model.dispose();
  });

  it('is previewed beside held-out pictures of the same attributes', async () => {
    const sheet = decodePng(new Uint8Array(await readFile(at('run', 'preview-000002.png'))));
    // of each label one picture is held out: 4 + 1 · (1 + 2) tiles of 16 pixels, twice enlarged
    expect([sheet.width, sheet.height]).toEqual([32 * 7, 32 * 3]);
  });

  it('goes on where it was, with as many threads as there are, and not with other attributes', async () => {
    expect(await train('run', '--resume', '--steps', '3')).toMatch(/train ddpm: done: 3 steps/);
    await train('whole', ...SMALL, '--steps', '3', '--workers', '2');
    const weights = async (name: string) =>
      runtime.decodeCheckpoint(new Uint8Array(await readFile(at(name, 'checkpoint.safetensors'))), name).state.weights;
    expect(await weights('run')).toEqual(await weights('whole'));
    await expect(train('run', '--resume', '--attributes', 'tone')).rejects.toThrow(
      /made with another attributes \(tone,growth, now tone\)/,
    );
  });

  it('goes on with words in their order and ranges as they were; an old checkpoint does not tell them', async () => {
    const [tone, growth] = tinyAttributes() as [WordColumn, runtime.NumberColumn];
    const write = (...attributes: runtime.AttributeColumn[]) =>
      writeDataset(at('meant', 'data'), { ...dataset, attributes }, 'shapes');
    const resume = () => train('meant', '--data', at('meant', 'data'), '--resume', '--steps', '3');
    await write(tone, growth);
    await train('meant', ...SMALL, '--data', at('meant', 'data'));
    await write({ ...tone, values: ['light', 'plain', 'dark'] }, growth);
    await expect(resume()).rejects.toThrow(
      /another attribute tone \(\["dark","plain","light"\], now \["light",.*\]\), whose words .* dataset\.json lists; go on/,
    );
    await write(tone, { ...growth, values: { min: 0, max: 2 } });
    await expect(resume()).rejects.toThrow(/another attribute growth \(\{"min":0,"max":1\}, now \{"min":0,"max":2\}\)/);
    const file = at('meant', 'checkpoint.safetensors');
    const { state, notes } = runtime.decodeCheckpoint(new Uint8Array(await readFile(file)), file);
    const older = Object.fromEntries(Object.entries(notes).filter(([name]) => !name.startsWith('attribute ')));
    expect(Object.keys(notes).length - Object.keys(older).length).toBe(2);
    await writeFile(file, runtime.encodeCheckpoint(state, older));
    expect(await resume()).toMatch(/done: 3 steps/);
  });

  it('says which part of a range the images do not show', async () => {
    const column = tinyAttributes()[1] as runtime.NumberColumn;
    const low = { ...column, data: column.data.map((value) => 0.4 * value) };
    await writeDataset(at('low'), { ...dataset, attributes: [low] }, 'shapes');
    expect(await train('low-run', ...SMALL, '--data', at('low'))).toMatch(
      /^attributes: growth goes from 0 to 1, in the images from 0\.\d+ to 0\.[34]\d*; a model learns nothing of the rest/m,
    );
    expect(await train('run-again', ...SMALL)).not.toContain('growth goes from');
  });

  it('takes the attributes that are named, or none', async () => {
    await train('one', ...SMALL, '--attributes', 'growth');
    expect((await load('one')).index.figment.attributes).toEqual({ growth: VOCABULARY.growth });
    await train('none', ...SMALL, '--attributes', 'none');
    const none = await load('none');
    expect(none.index.figment.attributes).toBeUndefined();
    expect(none.unetConfig).toMatchObject({ class_embed_type: null, num_class_embeds: 4 });
    await expect(train('wrong', '--attributes', 'tune')).rejects.toThrow(
      '--attributes: attribute "tune" is unknown; did you mean "tone"? known attributes: tone, growth',
    );
  });
});

it('asks what to do with a table that dataset.json does not tell of', async () => {
  await writeDataset(at('untold'), dataset, 'shapes of which nothing is known');
  await writeFile(at('untold', 'attributes.csv'), 'label,tile,tone\ndisc,0,dark\n');
  await expect(train('told', ...SMALL, '--data', at('untold'))).rejects.toThrow(
    /untold\/attributes.csv is not read, .*; list them there, or give --attributes none$/,
  );
  expect(await train('told', ...SMALL, '--data', at('untold'), '--attributes', 'none')).toMatch(/done: 2 steps/);
});

describe('--init-from', () => {
  const tables = async (name: string) => (await load(name)).conditioning!;
  const shapeOf = async (name: string, table: string) => (await tables(name)).get(table)?.shape;

  it('takes a model of classes for data with attributes', async () => {
    expect(await train('grown', '--init-from', at('classes'))).toMatch(/done: 2 steps/);
    expect((await load('grown')).index.figment.attributes).toEqual(VOCABULARY);
    expect(await shapeOf('grown', 'label_embedding.weight')).toEqual([4, 32]);
  });

  it('takes a model with attributes for other labels and attributes, and for none', async () => {
    await expect(train('fewer', ...SMALL, '--labels', 'disc,')).rejects.toThrow(/names separated by commas/);
    await train('fewer', '--init-from', at('run'), '--labels', 'disc, ramp', '--attributes', 'tone');
    expect((await load('fewer')).index).toMatchObject({
      labels: ['disc', 'ramp'],
      figment: { attributes: { tone: VOCABULARY.tone } },
    });
    expect(await shapeOf('fewer', 'attributes.growth.embedding.weight')).toBeUndefined();
    await train('more', '--init-from', at('fewer'));
    expect((await load('more')).index.figment.attributes).toEqual(VOCABULARY);
    await train('gone', '--init-from', at('run'), '--data', at('plain'));
    const gone = await load('gone');
    expect(gone.index.figment.attributes).toEqual({});
    expect([...gone.conditioning!.keys()]).toEqual(['label_embedding.weight']);
    runtime.createModel(gone).dispose();
  });
});
