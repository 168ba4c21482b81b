// figment train on materials, from sheets with maps to pictures with maps, and what other commands say of the model.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as runtime from '../../runtime/index.ts';
import { tinyAttributes, tinyDataset, tinyMaterials } from '../../runtime/testing/tinyDataset.ts';
import { diskSource } from '../node/diskSource.ts';
import { decodePng } from '../node/png.ts';
import { writeDataset } from '../node/writeDataset.ts';
import { printedBy } from '../testing/printedBy.ts';

const SIZE = { widthPx: 16, heightPx: 16 };

let dir: string;
const at = (...names: string[]) => join(dir, ...names);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-materials-'));
  const attribution = 'drawn by formula';
  await writeDataset(at('data'), { ...tinyMaterials(SIZE), attribution, attributes: tinyAttributes() }, 'materials');
  await writeDataset(at('pictures'), { ...tinyDataset(SIZE), attribution }, 'pictures alone');
  await train('vae', 'vae', '--widths', '8,16', '--latent-channels', '4', '--channel-weights', '1,1,1,2,1,1');
  await train('ddpm', 'run', '--vae', at('vae'), '--widths', '8,16', '--layers', '1');
});

afterAll(() => rm(dir, { recursive: true }));

function train(kind: string, out: string, ...words: string[]): Promise<string> {
  const data = ['--data', at('data'), '--held-out', '0.2', '--circular'];
  const options = ['--backend', 'wasm', '--batch', '2', '--steps', '1', ...words];
  return printedBy('train', kind, ...data, '--out', at(out), ...options);
}

const sizeOf = async (...names: string[]) => {
  const { width, height } = decodePng(new Uint8Array(await readFile(at(...names))));
  return [width, height];
};

async function latentsOf(run: string) {
  const bytes = new Uint8Array(await readFile(at(run, 'latents.safetensors')));
  return runtime.parseSafetensors(bytes, run).tensors.get('mean')!;
}

it('gives a model whose index names the channels', async () => {
  const index = JSON.parse(await readFile(at('run', 'model_index.json'), 'utf8'));
  expect(index.figment).toMatchObject({
    channels: ['r', 'g', 'b', 'height', 'roughness', 'metallic'],
    premultipliedAlpha: false,
    pixelArt: false,
    circularPadding: true,
    attributes: { growth: { min: 0, max: 1 } },
  });
});

it('wraps as the auto-encoder does, that of a run, too, unless told otherwise', async () => {
  const sizes = ['--widths', '8,16', '--layers', '1'];
  const own = ['--data', at('data'), '--held-out', '0.2', '--backend', 'wasm', '--batch', '2', '--steps', '1'];
  const wraps = async (out: string, ...words: string[]) => {
    await printedBy('train', 'ddpm', ...own, ...sizes, '--out', at(out), ...words);
    return JSON.parse(await readFile(at(out, 'model_index.json'), 'utf8')).figment.circularPadding;
  };
  expect(await wraps('unasked', '--vae', at('vae'))).toBe(true);
  expect(await wraps('of-model', '--vae', at('run'))).toBe(true);
  expect(await wraps('refused', '--vae', at('vae'), '--no-circular')).toBe(false);
  await printedBy('train', 'vae', ...own, '--out', at('vae-on'), '--init-from', at('vae'));
  expect(await wraps('again', '--vae', at('vae-on'))).toBe(true);
});

it('shows maps beside pictures in previews', async () => {
  // of 12 pictures, twice enlarged, each with its maps: 4 rows of them and of what they become
  expect(await sizeOf('vae', 'preview-000001.png')).toEqual([2 * 2 * 12 * 16, 2 * 2 * 4 * 16]);
  expect(await sizeOf('run', 'preview-000001.png')).toEqual([2 * 2 * 7 * 16, 2 * 3 * 16]);
});

it('makes pictures with maps, larger ones, too', async () => {
  const model = runtime.createModel(await runtime.loadModelFolder(diskSource(at('run'))));
  const request = { label: 'disc', seed: 7, attributes: { growth: 0.5 } };
  const [made] = await runtime.generatePictures(model, [request], { numInferenceSteps: 1 });
  expect([made!.pixels.length, made!.maps!.length]).toEqual([4 * 256, 4 * 256]);
  expect(new Set(made!.maps!.filter((_, i) => i % 4 === 0)).size).toBeGreaterThan(5);
  const [large] = await runtime.generatePictures(model, [request], { numInferenceSteps: 1, widthPx: 32 });
  expect(large!.maps).toHaveLength(4 * 512);
  expect(await runtime.generate(model, [request], { numInferenceSteps: 1 })).toEqual([made!.pixels]);
  model.dispose();
});

it('knows the places of a tile where it is told to, of each tile of larger pictures', async () => {
  const words = ['--vae', at('vae'), '--widths', '8,16', '--layers', '1', '--positions'];
  await train('ddpm', 'placed', ...words, '--steps', '3');
  expect(await train('ddpm', 'placed', ...words, '--resume', '--steps', '4')).toMatch(/done: 4 steps/);
  await expect(train('ddpm', 'placed', ...words, '--resume', '--steps', '5', '--layers', '2')).rejects.toThrow(
    /^train ddpm: --layers is 2, and the network that it goes on with has 1; leave it out/,
  );
  const files = await runtime.loadModelFolder(diskSource(at('placed')));
  expect(files.unetConfig).toMatchObject({ position_embedding: true, sample_size: 8 });
  const learnt = files.unet.get('position_embedding')!;
  expect(learnt.shape).toEqual([1, 8, 8, 8]);
  expect(learnt.data.some((value) => value !== 0)).toBe(true);
  // encoded as other seamless data are, but as they are alone: these come first of all shifts of the others
  const [placed, shifted] = [await latentsOf('placed'), await latentsOf('run')];
  expect(shifted.shape[0]! / placed.shape[0]!).toBe(2);
  expect(placed.data).toEqual(shifted.data.slice(0, placed.data.length));
  const model = runtime.createModel(files);
  const request = { label: 'disc', seed: 7, widthPx: 32 };
  const [large] = await runtime.generatePictures(model, [request], { numInferenceSteps: 1, widthPx: 32 });
  expect(large!.maps).toHaveLength(4 * 512);
  model.dispose();
});

it('is inspected, exported and evaluated', async () => {
  expect(await printedBy('inspect', at('run'))).toMatch(
    /^pictures +multiples of 16×16 pixels that repeat, RGB with maps: height, roughness, metallic$/m,
  );
  await printedBy('export', 'onnx', at('run'), '--out', at('onnx'));
  const { image } = JSON.parse(await readFile(at('onnx', 'figment.json'), 'utf8'));
  expect(image).toMatchObject({ channels: 6, channelNames: ['r', 'g', 'b', 'height', 'roughness', 'metallic'] });
  const judge = ['--classifier', at('judge.safetensors'), '--classifier-steps', '2', '--held-out', '0.4'];
  const few = ['--images-per-class', '2', '--steps', '1', '--guidance', '1', '--workers', '1', '--backend', 'wasm'];
  const measured = ['--height-steps', '2', '--sweep-seeds', '1'];
  const printed = await printedBy('evaluate', at('run'), '--data', at('data'), ...judge, ...few, ...measured);
  expect(printed).toMatch(/^seam of height, 3x2 tiles: \d\.\d{3} of the same places inside, \d\.\d\d of all places$/m);
  expect(printed).toMatch(/^height from albedo errs by 0\.\d+, of held-out ones by 0\.\d+: \d\.\d\d times$/m);
  expect(printed).toMatch(/^rank correlation of growth asked and read: -?\d\.\d{3}$/m);
  const metrics = JSON.parse(await readFile(at('run', 'metrics.json'), 'utf8'));
  expect(metrics.materials.seams.map(({ channel, tiles }: Record<string, string>) => `${channel} ${tiles}`)).toEqual(
    ['1x1', '3x2'].flatMap((tiles) => ['albedo', 'height', 'roughness', 'metallic'].map((name) => `${name} ${tiles}`)),
  );
  expect(metrics.materials.seams[1].perClass).toEqual({
    disc: expect.any(Number),
    ramp: expect.any(Number),
    stripes: expect.any(Number),
  });
  expect(metrics.monotony).toMatchObject({
    seedsPerClass: 1,
    attributes: { growth: { perClass: { disc: expect.any(Number) } } },
  });
  const quick = await printedBy(
    'evaluate',
    at('run'),
    '--data',
    at('data'),
    ...judge,
    ...few,
    ...measured,
    '--no-seams',
  );
  expect(quick).toContain('height from albedo errs by');
  expect(quick).not.toContain('seam of');
  await expect(printedBy('evaluate', at('run'), '--data', at('pictures'), ...judge, ...few)).rejects.toThrow(
    'the model makes 16x16 px with 6 channels, the data are 16x16 px with 4 channels',
  );
});

it('trains an auto-encoder on squares of turned colours, which then makes whole pictures', async () => {
  await train('vae', 'hues', '--widths', '8,16', '--latent-channels', '4', '--crop', '8', '--colour-jitter', '1');
  await expect(sizeOf('hues', 'preview-000001.png')).resolves.toEqual(await sizeOf('vae', 'preview-000001.png'));
  await expect(train('vae', 'none', '--widths', '8,16', '--crop', '7')).rejects.toThrow(
    'train vae: --crop is 7; expected a multiple of 2 of at most 16 px, or 0 for whole pictures',
  );
  await expect(train('vae', 'none', '--widths', '8,16', '--crop', '18')).rejects.toThrow(/of at most 16 px/);
});

it('says which channels do not fit', async () => {
  const pictures = ['--data', at('pictures')];
  await expect(train('ddpm', 'a', '--vae', at('vae'), ...pictures)).rejects.toThrow(
    'train ddpm: the pictures have no maps, which the model makes: height, roughness, metallic; name a data set that has them',
  );
  await expect(train('vae', 'b', '--init-from', at('vae'), ...pictures)).rejects.toThrow(
    /takes 6 channels, the data have 4: r, g, b, a; leave that option out/,
  );
  await expect(train('vae', 'c', '--channel-weights', '1,2')).rejects.toThrow(
    'train vae: --channel-weights has 2 numbers; expected 6, of r, g, b, height, roughness, metallic',
  );
  const model = runtime.createModel(await runtime.loadModelFolder(diskSource(at('run'))));
  expect(() => runtime.pixelsToImages(model, [new Uint8Array(1024)])).toThrow(
    /makes materials, and a picture alone has no maps; generate one by label/,
  );
  model.dispose();
});
