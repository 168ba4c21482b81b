import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  findDecoder,
  isOfDecoder,
  loadModelFolder,
  modelFolderFiles,
  parseSafetensors,
  writeSafetensors,
} from '../../runtime/index.ts';
import { pixelFolder, plainIndex, withJson } from '../../runtime/testing/foreignFolders.ts';
import { TINY_FRAMES, tinyModelFiles, tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { describeError } from '../node/describeError.ts';
import { diskSource } from '../node/diskSource.ts';
import { inspectCommand } from './inspect.ts';
import { createProgram } from './program.ts';

let dir: string;
const at = (...names: string[]) => join(dir, ...names);

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-inspect-'));
  await writeFilesAtomic(at('own'), await tinyModelFolder({ attributes: { hair: ['red', 'grey'] }, cvae: true }));
  await writeFilesAtomic(at('pixels'), pixelFolder({ isAtRoot: true }));
});
afterAll(() => rm(dir, { recursive: true }));

const printed: string[] = [];
beforeEach(() => {
  printed.length = 0;
  vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(line));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => vi.restoreAllMocks());

async function figment(...words: string[]): Promise<string> {
  printed.length = 0;
  await createProgram().parseAsync(words, { from: 'user' });
  return printed.join('\n');
}

/** The text that a person reads after typing `figment inspect --help`. */
function inspectHelp(): string {
  const parts: string[] = [];
  const writeOut = (text: string) => void parts.push(text);
  inspectCommand().configureOutput({ writeOut }).outputHelp();
  return parts.join('');
}

async function failure(...words: string[]): Promise<{ exitCode: number; message: string }> {
  return describeError(await figment(...words).catch((error) => error));
}

it('lists every word of a shipped model, and the range of its numbers', async () => {
  const text = await figment('inspect', 'materials');
  expect(text).toMatch(/^labels +19: bark, brick, .*tiles$/m);
  expect(text).toMatch(/^- pattern +bark: furrowed; brick: running, stacked, third; .*marble: slabs, veined/m);
  expect(text).toMatch(/^- scale +small, medium, large$/m);
  expect(text).toMatch(/^- wear +a number from 0 to 1$/m);
});

it('tells of a U-Net that knows places', async () => {
  await writeFilesAtomic(at('placed'), await tinyModelFolder({ circularPadding: true, positions: true }));
  expect(await figment('inspect', at('placed'))).toMatch(/^unet .*, on 8×8×4 whose places it knows$/m);
  expect(await figment('inspect', at('own'))).toMatch(/^unet .*, on 8×8×4$/m);
});

it('tells what a page downloads, and what once that is needed', async () => {
  await writeFilesAtomic(at('plain'), plainIndex(await tinyModelFolder())); // which knows of no decoder
  const lineOf = async (name: string) => (await figment('inspect', name)).match(/^download +(.*)$/m)![1];
  expect(await lineOf(at('plain'))).toMatch(/^0\.\d MB to make pictures$/);
  expect(await lineOf('portraits')).toBe(
    '12.6 MB to make pictures; 5.3 MB more to take pictures in; 4.0 MB more for pictures in one step; 8.7 MB more for its teacher',
  );
  expect(await lineOf('materials'), 'which takes no pictures in').toMatch(
    /^1\d\.\d MB to make pictures; 8\.7 MB more for its teacher$/,
  );
  expect(await lineOf(at('own'))).toMatch(
    /; 0\.\d MB more to take pictures in; 0\.\d MB more for pictures in one step$/,
  );
});

it('tells what a student does, and what its teacher', async () => {
  await writeFilesAtomic(at('student'), await tinyModelFolder({ student: true }));
  expect(await figment('inspect', at('student'))).toMatch(
    /student +1, 2, 4 steps of one pass, guidance 1 to 5; others by its teacher: dpm\+\+, 3 steps/,
  );
});

describe('inspect', () => {
  it('spells out what would steer the terminal', async () => {
    const files = await tinyModelFolder({ labels: ['elf', '\u202efle'] });
    const { figment: own } = JSON.parse(new TextDecoder().decode(files['model_index.json']));
    const odd = withJson(files, 'model_index.json', { figment: { ...own, licence: 'CC0\x1b[2J' } });
    await writeFilesAtomic(at('odd'), odd);
    const text = await figment('inspect', at('odd'));
    expect(text).toContain('labels       2: elf, \\u202efle');
    expect(text).toContain('licence: CC0\\u001b[2J');
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
  });

  it('tells all of a model of our own', async () => {
    const text = await figment('inspect', at('own'));
    expect(text).toMatch(/^pipeline +"ClassConditionalLatentDiffusionPipeline"/m);
    expect(text).toMatch(/^kind +images; a diffusion model of latents; licence: unknown$/m);
    expect(text).toMatch(/^pictures +16×16 pixels, RGBA, premultiplied alpha$/m);
    expect(text).toMatch(/^unet +\d+ weights, 8, 16 channels, on 8×8×4$/m);
    expect(text).toMatch(/^vae +\d+ weights, 8, 16 channels, 2 pixels to a latent$/m);
    expect(text).toMatch(/^conditioning \d+ weights$/m);
    expect(text).toMatch(/^labels +3: elf, goblin, orc$/m);
    expect(text).toMatch(/^attributes +1: hair$/m);
    expect(text).toMatch(/^- hair +red, grey$/m);
    expect(text).toMatch(/^guidance +2 unless told otherwise$/m);
    expect(text).toMatch(/^pipelines +ddpm, cvae, cvae\+ddpm$/m);
    expect(text).toContain(`runs: yes; figment bake ${at('own')} --out DIR`);
    expect(text).not.toContain('note:');
  });

  it('tells of frames', async () => {
    await writeFilesAtomic(at('walks'), await tinyModelFolder({ sizePx: 8, heightPx: 12, frames: TINY_FRAMES }));
    const text = await figment('inspect', at('walks'));
    expect(text).toMatch(/^pictures +24×12 pixels, RGBA, premultiplied alpha$/m);
    expect(text).toMatch(/^frames +3 of 8×12 in a row: stand-down, walk-left \(2\)$/m);
    expect(text).toMatch(/^unet .* on 6×4×12$/m);
  });

  it('tells what a model of others is, and what is passed over', async () => {
    const text = await figment('inspect', at('pixels'));
    expect(text).toMatch(/^pipeline +"DDPMPipeline" of unet \("UNet2DModel"\), scheduler \("DDPMScheduler"\)$/m);
    expect(text).toMatch(/^vae +none: the U-Net makes pixels$/m);
    expect(text).toMatch(/^guidance +none: there is no null label$/m);
    expect(text).toMatch(/^note: pixels: it has no null label/m);
  });

  it('tells what does not run, and why, with code 1', async () => {
    const index = { unet: ['diffusers', 'UNet2DConditionModel'], text_encoder: ['transformers', 'CLIPTextModel'] };
    await writeFilesAtomic(at('text'), plainIndex({}, index));
    expect(await failure('inspect', at('text'))).toEqual({
      exitCode: 1,
      message: expect.stringMatching(/text does not run: .*its "unet" is a "UNet2DConditionModel", which does not run/),
    });
    expect(printed[0]).toMatch(/unet \("UNet2DConditionModel"\), .*text_encoder \("CLIPTextModel"\)/);
    await writeFilesAtomic(at('narrow'), withJson(pixelFolder(), 'unet/config.json', { in_channels: 4 }));
    expect((await failure('inspect', at('narrow'))).message).toMatch(/narrow does not run: .*"conv_in\.weight" is/);
  });

  it('tells that a file is damaged, with code 1, and gives it no new digest', async () => {
    const files = await tinyModelFolder();
    const weights = 'unet/diffusion_pytorch_model.safetensors';
    await writeFilesAtomic(at('cut'), { ...files, [weights]: files[weights]!.slice(0, 1000) });
    const { exitCode, message } = await failure('inspect', at('cut'));
    expect([exitCode, message]).toEqual([1, expect.stringMatching(/cut does not run: .*damaged/)]);
    const before = await readFile(at('cut', 'model_index.json'), 'utf8');
    expect((await failure('rehash', at('cut'))).message).toMatch(/damaged/);
    expect(await readFile(at('cut', 'model_index.json'), 'utf8')).toBe(before);
  });

  it('tells what an auto-encoder alone is good for, with code 0, as its help says', async () => {
    const files = Object.entries(await tinyModelFolder()).filter(([path]) => path.startsWith('vae/'));
    await writeFilesAtomic(at('run'), Object.fromEntries(files));
    expect(await figment('inspect', at('run'))).toMatch(
      /^vae +\d+ weights, 8, 16 channels, 2 pixels to a latent\nruns: not by itself .*; figment train ddpm --vae /m,
    );
    expect(inspectHelp()).toMatch(/Exit code 1 when nothing of it runs, not even an auto-encoder/);
  });
});

describe('rehash', () => {
  it('asks for a whole model where a network lies alone', async () => {
    const files = Object.entries(await tinyModelFolder()).filter(([path]) => path.startsWith('vae/'));
    await writeFilesAtomic(at('lone'), Object.fromEntries(files));
    expect(await failure('rehash', at('lone'))).toEqual({
      exitCode: 2,
      message: expect.stringMatching(
        /^rehash: .*lone is no whole model, as it has no model_index\.json; name the folder of one, such as figment train ddpm has made/,
      ),
    });
  });

  it('says how far the decoder reaches, and lays it first where it is not', async () => {
    const weights = 'vae/diffusion_pytorch_model.safetensors';
    const parts = ['unet', 'decoder', 'scheduler'] as const;
    const files = await modelFolderFiles(tinyModelFiles(), { dtype: 'F16' });
    const { tensors, metadata } = parseSafetensors(files[weights]!, weights);
    const isFirst = (name: string) => !isOfDecoder(name);
    const encoderFirst = writeSafetensors(tensors, { dtype: 'F16', metadata, isFirst });
    await writeFilesAtomic(at('other'), plainIndex({ ...files, [weights]: encoderFirst }));
    await figment('rehash', at('other'));
    expect(new Uint8Array(await readFile(at('other', weights)))).toEqual(files[weights]);
    const { vae, index } = await loadModelFolder(diskSource(at('other')), { parts });
    expect(vae.has('encoder.conv_in.weight')).toBe(false);
    expect(index.figment.decoder).toEqual(await findDecoder(files[weights]!, weights));
    const another = await modelFolderFiles(tinyModelFiles({ seed: 9 }), { dtype: 'F16' });
    await writeFilesAtomic(at('other'), { [weights]: another[weights]! });
    expect(await figment('rehash', at('other'))).toBe(`rehash: ${at('other')}: 1 renewed`);
    await loadModelFolder(diskSource(at('other')), { parts });
    const mixed = writeSafetensors([...tensors, ['quant_conv.steps', { shape: [1], data: new Int32Array(1) }]], {
      dtype: 'F16',
    });
    await writeFilesAtomic(at('other'), { [weights]: mixed });
    await figment('rehash', at('other'));
    expect(new Uint8Array(await readFile(at('other', weights)))).toEqual(mixed); // of two types, it stays as it is
    expect((await loadModelFolder(diskSource(at('other')), { parts })).vae.has('encoder.conv_in.weight')).toBe(true);
  });

  it('makes a folder that was changed one of which nothing need be said', async () => {
    await writeFilesAtomic(at('saved'), await tinyModelFolder({ cvae: true }));
    const config = at('saved', 'unet', 'config.json');
    await writeFile(config, `${await readFile(config, 'utf8')}\n`);
    await expect(loadModelFolder(diskSource(at('saved')))).rejects.toThrow(/expected sha-256/);
    const bake = ['bake', at('saved'), '--label', 'elf', '--steps', '1', '--backend', 'cpu', '--out', at('out')];
    expect(await figment(...bake)).toContain('saved/unet/config.json: it is not what model_index.json says');
    const before = JSON.parse(await readFile(at('saved', 'model_index.json'), 'utf8'));
    expect(await figment('rehash', at('saved'))).toBe(`rehash: ${at('saved')}: 1 renewed`);
    const after = JSON.parse(await readFile(at('saved', 'model_index.json'), 'utf8'));
    const { 'unet/config.json': old, ...others } = before.figment.sha256;
    expect(after.figment.sha256).toEqual({ ...others, 'unet/config.json': expect.not.stringContaining(old) });
    expect({ ...after, figment: { ...after.figment, sha256: before.figment.sha256 } }).toEqual(before);
    expect(Object.keys(after.figment.sha256)).toEqual(Object.keys(before.figment.sha256));
    expect(await figment(...bake)).not.toContain('it is not what');
    expect(await figment('rehash', at('saved'), at('pixels'))).toMatch(/saved: all was .*pixels: 3 renewed/s);
    await writeFilesAtomic(at('ca\u001b[2Jse'), await tinyModelFolder());
    expect(await figment('rehash', at('ca\u001b[2Jse'))).toContain('ca\\u001b[2Jse: all was');
  });
});
