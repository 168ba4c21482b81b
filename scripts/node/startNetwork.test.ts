import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { conditionedShapes, modelFolderFiles } from '../../runtime/index.ts';
import { tinyAttributes, tinyDataset } from '../../runtime/testing/tinyDataset.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from './atomicWrite.ts';
import { startNetwork } from './startNetwork.ts';

const plain = tinyDataset();
const known = { ...plain, attributes: tinyAttributes() };
const VOCABULARY = { tone: ['plain', 'dark'], hat: ['no', 'yes'] };
const SHAPE = [8, 8, 4] as const;
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-start-'));
  const { labels } = plain;
  await writeFilesAtomic(join(dir, 'classes'), await modelFolderFiles(tinyModelFiles({ labels })));
  const conditioned = await modelFolderFiles(tinyModelFiles({ labels, attributes: VOCABULARY }));
  await writeFilesAtomic(join(dir, 'conditioned'), conditioned);
  const { 'model_index.json': _, ...parts } = conditioned;
  await writeFilesAtomic(join(dir, 'parts'), parts);
});

afterAll(() => rm(dir, { recursive: true }));

const start = (name: string | null, data = plain, options = {}) =>
  startNetwork(name && join(dir, name), data, [...SHAPE], { seed: 1, ...options });

it('makes a new network, with conditioning where the data have attributes', async () => {
  const classes = await start(null);
  expect(classes).toMatchObject({ conditioning: null, config: { class_embed_type: null, num_class_embeds: 4 } });
  const conditioned = await start(null, known, { widths: [16, 32, 32], layers: 1 });
  expect(conditioned.config).toMatchObject({ class_embed_type: 'identity', block_out_channels: [16, 32, 32] });
  expect(conditioned.conditioning).toMatchObject({ embedding_dim: 64, attributes: { tone: 3, growth: 'number' } });
  expect(conditioned.weights).toBeUndefined();
});

it.each<[string, typeof plain, object | null]>([
  ['classes', plain, null],
  ['classes', known, { tone: 3, growth: 'number' }],
  ['conditioned', known, { tone: 3, growth: 'number' }],
  ['conditioned', plain, {}],
])('begins with %s', async (name, data, attributes) => {
  const { config, conditioning, weights } = await start(name, data);
  expect(conditioning?.attributes ?? null).toEqual(attributes);
  expect(config.sample_size).toBe(8);
  const shapes = [...weights!].map(([weight, { shape }]) => [weight, shape]);
  expect(new Map(shapes as never)).toEqual(new Map(conditionedShapes(config, conditioning)));
});

it('lets a network know places, all alike to it at first, and keeps what it knows of a tile of that size', async () => {
  expect((await start(null, plain, { positions: true })).config).toMatchObject({ position_embedding: true });
  expect((await start('classes')).config.position_embedding).toBe(false);
  const begun = await start('classes', plain, { positions: true });
  expect(begun.config).toMatchObject({ sample_size: 8, position_embedding: true });
  expect(begun.weights!.get('position_embedding')).toEqual({ shape: [1, 8, 8, 8], data: new Float32Array(512) });
  const [files, learnt] = [tinyModelFiles({ labels: plain.labels }), new Float32Array(512).fill(0.5)];
  files.unetConfig = { ...(files.unetConfig as object), sample_size: 8, position_embedding: true };
  files.unet.set('position_embedding', { shape: [1, 8, 8, 8], data: learnt });
  await writeFilesAtomic(join(dir, 'knowing'), await modelFolderFiles(files));
  expect((await start('knowing')).weights!.get('position_embedding')!.data).toEqual(learnt);
  const larger = await startNetwork(join(dir, 'knowing'), plain, [8, 16, 4], { seed: 1 });
  expect(larger.config.sample_size).toEqual([8, 16]);
  expect(larger.weights!.get('position_embedding')).toEqual({ shape: [1, 8, 8, 16], data: new Float32Array(1024) });
});

it('gets the latent channels that it lacks, and says so', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  onTestFinished(() => log.mockRestore());
  const { config, weights } = await startNetwork(join(dir, 'classes'), plain, [8, 8, 6], { seed: 1 });
  expect(config).toMatchObject({ in_channels: 6, out_channels: 6 });
  expect(weights!.get('conv_in.weight')!.shape[1]).toBe(6);
  expect(weights!.get('conv_out.bias')!.data.slice(4)).toEqual(new Float32Array(2));
  expect(log.mock.lastCall).toEqual([
    expect.stringMatching(/classes knows 4 of the 6 channels; it learns the others$/),
  ]);
  await expect(startNetwork(join(dir, 'classes'), plain, [8, 8, 3], { seed: 1 })).rejects.toThrow(
    /classes works on 4 channels, and here are 3; give the auto-encoder that it was trained with by --vae/,
  );
});

it('says what does not fit', async () => {
  await expect(start('parts', known)).rejects.toThrow(/parts has no model_index.json, .*; name a whole model folder/);
  await expect(start('nowhere')).rejects.toThrow(/there is no .*nowhere.unet.config.json/);
  await expect(start(null, plain, { widths: [12, 16] })).rejects.toThrow(/--widths is 12,16; expected multiples of 8/);
  await expect(start(null, plain, { widths: [8, 8, 8, 8, 8] })).rejects.toThrow(/5 levels halve the latents 4 times/);
});
