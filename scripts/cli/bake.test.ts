import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Atlas } from '../../runtime/core/atlas.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { modelFolderFiles } from '../../runtime/weights/modelFolderFiles.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { describeError } from '../node/describeError.ts';
import { decodePng, readPngText } from '../node/png.ts';
import { createProgram } from './program.ts';

let dir: string;
let model: string;
let out: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-bake-'));
  model = join(dir, 'tiny');
  await writeFilesAtomic(model, await modelFolderFiles(tinyModelFiles()));
});
afterAll(() => rm(dir, { recursive: true }));

const printed: string[] = [];
beforeEach(async () => {
  out = await mkdtemp(join(dir, 'out-'));
  printed.length = 0;
  vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(line));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
});
afterEach(() => vi.restoreAllMocks());

async function bake(...words: string[]): Promise<void> {
  await createProgram().parseAsync(['bake', model, '--backend', 'wasm', ...words, '--out', out], { from: 'user' });
}

/** Exit code, and all that stands on the terminal. */
async function failure(...words: string[]): Promise<[number, string]> {
  const error = await bake(...words).then(
    () => new Error('it went well'),
    (error) => error,
  );
  const { exitCode, message } = describeError(error);
  return [exitCode, printed.join('') + message];
}

const read = async (file: string) => new Uint8Array(await readFile(join(out, file)));
const pixelsOf = async (file: string) => decodePng(await read(file)).pixels;

describe('bake', () => {
  it('writes every label, seeds counting up, and says how it was done', async () => {
    await bake('--count', '2', '--seed', '5');
    const names = ['elf-5.png', 'elf-6.png', 'goblin-5.png', 'goblin-6.png', 'orc-5.png', 'orc-6.png'];
    expect(await readdir(out)).toEqual(names);
    expect(decodePng(await read('orc-6.png'))).toMatchObject({ width: 16, height: 16, channels: 4 });
    const text = printed.join('\n');
    expect(text).toContain('bake: wasm: The wasm backend was asked for.');
    expect(text).toMatch(/bake: ddim, 3 steps, guidance 2, \d+\.\d ms an image/);
    expect(text).toContain(`bake: 6 images in ${out}`);
  });

  it('makes pictures by the pipelines that the model has', async () => {
    const both = join(dir, 'both');
    await writeFilesAtomic(both, await modelFolderFiles(tinyModelFiles({ cvae: true })));
    const run = (...words: string[]) =>
      createProgram().parseAsync(['bake', both, '--backend', 'wasm', '--label', 'elf', ...words, '--out', out], {
        from: 'user',
      });
    const made = async (...words: string[]) => {
      await run(...words);
      const bytes = await read('elf-0.png');
      return { pixels: decodePng(bytes).pixels, recipe: JSON.parse(readPngText(bytes).figment!) };
    };
    const plain = await made();
    const atOnce = await made('--pipeline', 'cvae');
    const refined = await made('--pipeline', 'cvae+ddpm');
    const far = await made('--pipeline', 'cvae+ddpm', '--strength', '1');
    expect(far.pixels).toEqual(plain.pixels);
    const pictures = [plain, atOnce, refined].map(({ pixels }) => Buffer.from(pixels).toString('hex'));
    expect(new Set(pictures).size).toBe(3);
    expect(plain.recipe).not.toHaveProperty('cvaeHash');
    expect(atOnce.recipe).toEqual({
      figment: 1,
      model: 'tiny',
      hash: plain.recipe.hash,
      cvaeHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      label: 'elf',
      seed: 0,
      pipeline: 'cvae',
    });
    expect(far.recipe).toMatchObject({ pipeline: 'cvae+ddpm', strength: 1, numInferenceSteps: 3 });
    expect(printed.join('\n')).toMatch(/bake: cvae, one pass, \d.*bake: cvae\+ddpm from strength 0.6, ddim, 3 steps/s);
  });

  it('says what a pipeline has no use for, and when a model has no VAE', async () => {
    const [code, noCvae] = await failure('--pipeline', 'cvae');
    expect([code, noCvae]).toEqual([
      2,
      expect.stringMatching(/no pictures in one step; train one for it by .* "ddpm"/),
    ]);
    const both = join(dir, 'both-2');
    await writeFilesAtomic(both, await modelFolderFiles(tinyModelFiles({ cvae: true })));
    const refused = (...words: string[]) =>
      createProgram().parseAsync(['bake', both, ...words, '--out', out], { from: 'user' });
    await expect(refused('--pipeline', 'cvae', '--guidance', '3')).rejects.toThrow(
      /without guidance or steps; leave out guidanceScale/,
    );
    await expect(refused('--strength', '0.5')).rejects.toThrow(/choose the pipeline cvae\+ddpm/);
  });

  it('makes a model once that is named twice, and says which of several lacks a label', async () => {
    const model = join(dir, 'twice');
    await writeFilesAtomic(model, await modelFolderFiles(tinyModelFiles()));
    const of = (...words: string[]) =>
      createProgram().parseAsync(['bake', ...words, '--backend', 'wasm', '--out', join(dir, 'once')], { from: 'user' });
    await of(model, model, '--label', 'elf');
    expect((await readdir(join(dir, 'once'))).sort()).toEqual(['elf-0.png']);
    await expect(of(model, 'materials', '--label', 'elf')).rejects.toThrow(
      /materials: --label: label "elf" is unknown/,
    );
  });

  it('makes the same picture whatever the batch', async () => {
    await bake('--count', '16', '--label', 'orc', '--batch', '16');
    const large = await pixelsOf('orc-9.png');
    await bake('--count', '1', '--seed', '9', '--label', 'orc', '--batch', '1');
    const small = await pixelsOf('orc-9.png');
    expect(Math.max(...large.map((value, i) => Math.abs(value - small[i]!)))).toBeLessThanOrEqual(1);
    expect(await pixelsOf('orc-8.png')).not.toEqual(small);
  });

  it('enlarges each pixel, and lays all on a sheet with an atlas', async () => {
    await bake('--label', 'orc,elf', '--count', '3', '--enlarge', '2', '--sheet');
    const sheet = decodePng(await read('sheet.png'));
    const atlas: Atlas = JSON.parse(new TextDecoder().decode(await read('sheet.json')));
    expect([sheet.width, sheet.height]).toEqual([96, 64]);
    expect(Object.keys(atlas.frames)).toEqual(['orc-0', 'orc-1', 'orc-2', 'elf-0', 'elf-1', 'elf-2']);
    const { x, y, w, h } = atlas.frames['elf-1']!.frame;
    expect([x, y, w, h]).toEqual([32, 32, 32, 32]);
    const elf = await pixelsOf('elf-1.png');
    for (let row = 0; row < h; row++) {
      const start = ((y + row) * sheet.width + x) * 4;
      expect(sheet.pixels.slice(start, start + w * 4)).toEqual(elf.slice(row * w * 4, (row + 1) * w * 4));
    }
    expect(elf.slice(0, 4)).toEqual(elf.slice(4, 8));
    expect(elf.slice(0, w * 4)).toEqual(elf.slice(w * 4, 2 * w * 4));
  });

  it('stores the recipe in the picture', async () => {
    await bake('--label', 'elf', '--seed', '3', '--guidance', '1.5', '--steps', '2', '--eta', '0.5');
    expect(JSON.parse(readPngText(await read('elf-3.png')).figment!)).toEqual({
      figment: 1,
      model: 'tiny',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      label: 'elf',
      seed: 3,
      sampler: 'ddim',
      numInferenceSteps: 2,
      guidanceScale: 1.5,
      eta: 0.5,
    });
  });

  it.each([
    [['--guidance', '4']],
    [['--steps', '2']],
    [['--sampler', 'dpm++']],
    [['--guidance-interval', '0,300']],
    [['--guidance-rescale', '1']],
    [['--interpolate-seed', '9', '--interpolate-amount', '0.5']],
  ])('%j changes the picture', async (words) => {
    await bake('--label', 'elf');
    const before = await pixelsOf('elf-0.png');
    await bake('--label', 'elf', ...words);
    expect(await pixelsOf('elf-0.png')).not.toEqual(before);
  });

  it.each([
    [['--label', 'orcc'], 'label "orcc" is unknown; did you mean "orc"? known labels: elf, goblin, orc'],
    [['--count', '0'], 'expected a whole number from 1'],
    [['--seed', '-1'], 'expected a whole number from 0 to 4294967295'],
    [['--seed', '4294967295', '--count', '2'], 'seeds would count up to 4294967296'],
    [['--guidance', 'much'], 'expected a number from 0 to 20'],
    [['--guidance-interval', '9,3'], 'the smaller one first'],
    [['--steps', '2000'], "option '--steps <n>' argument '2000' is invalid. expected a whole number from 1 to 1000"],
    [['--sampler', 'plms'], 'Allowed choices are ddpm, ddim, dpm++, euler'],
    [['--sampler', 'euler', '--eta', '1'], 'eta is for the sampler ddim, not euler'],
    [['--label', 'elf', '--count', '10000', '--enlarge', '64', '--sheet'], 'the sheet would be'],
    [['--sheets'], '(Did you mean --sheet?)'],
    [['--width', '32'], 'tiny makes 16×16 alone'],
    [['--interpolate-seed', '9'], '--interpolate-seed and --interpolate-amount go together'],
    [['--check'], '--check is for a bake file'],
  ])('%j ends with one clear line, exit code 2 and no files', async (words, message) => {
    const [exitCode, text] = await failure(...words);
    expect(text).toContain(message);
    expect(text.trim()).not.toContain('\n');
    expect(exitCode).toBe(2);
    expect(await readdir(out)).toEqual([]);
  });

  it('bakes several models, each to a folder of its own, also two trainings of one, in threads too', async () => {
    const other = join(dir, 'other');
    const files = tinyModelFiles({ labels: ['wall'], seed: 5 }); // its name is that of the first one
    await writeFilesAtomic(other, await modelFolderFiles(files));
    await bake(other, '--sheet', '--count', '2', '--jobs', '2');
    expect((await readdir(out, { recursive: true })).filter((name) => name.includes('.')).sort()).toEqual([
      ...['sheet.json', 'sheet.png', 'wall-0.png', 'wall-1.png'].map((name) => join('other', name)),
      ...[
        'elf-0.png',
        'elf-1.png',
        'goblin-0.png',
        'goblin-1.png',
        'orc-0.png',
        'orc-1.png',
        'sheet.json',
        'sheet.png',
      ].map((name) => join('tiny', name)),
    ]);
    expect(printed.join('\n')).toContain(`bake: 8 images, 2 sheets in ${out}`);
  });

  it('refuses a folder that cannot be written to', async () => {
    await writeFile(join(out, 'file'), '');
    out = join(out, 'file', 'below');
    expect(await failure()).toEqual([2, expect.stringMatching(/cannot be written to \(ENOTDIR\)/)]);
  });

  it('refuses a model that is missing or damaged, naming the file', async () => {
    const whole = model;
    model = join(dir, 'nowhere');
    expect(await failure()).toEqual([2, expect.stringMatching(/model ".*nowhere" does not exist/)]);
    const files = await modelFolderFiles(tinyModelFiles());
    model = join(dir, 'damaged');
    await writeFilesAtomic(model, { ...files, 'vae/config.json': new TextEncoder().encode('{"in_channels": 4}') });
    const changed =
      /damaged\/vae\/config.json: it is not what model_index.json says.* tiny\/vae: 24 tensors are missing/s;
    expect(await failure()).toEqual([2, expect.stringMatching(changed)]);
    await rm(join(model, 'unet', 'config.json'));
    expect(await failure()).toEqual([2, expect.stringMatching(/damaged\/unet\/config.json: there is no such file/)]);
    model = whole;
  });

  it('refuses a label that would leave the folder', async () => {
    const whole = model;
    model = join(dir, 'evil');
    await writeFilesAtomic(model, await modelFolderFiles(tinyModelFiles({ labels: ['elf', '../../orc'] })));
    expect(await failure()).toEqual([2, expect.stringMatching(/label "\.\.\/\.\.\/orc" cannot name a file/)]);
    expect(await readdir(out)).toEqual([]);
    await bake('--label', 'elf');
    expect(await readdir(out)).toEqual(['elf-0.png']);
    model = whole;
  });

  it('says that nothing is written when it is interrupted while it fetches a model', async () => {
    const whole = model;
    const server = createServer().once('request', () => process.kill(process.pid, 'SIGINT')); // a later one would find no job
    server.listen(0, '127.0.0.1');
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    await once(server, 'listening');
    model = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model`;
    expect(await failure()).toEqual([130, 'bake: interrupted while the models were opened; nothing is written']);
    expect(await readdir(out)).toEqual([]);
    model = whole;
  });

  it('ends at Ctrl-C with code 130 and whole files alone', async () => {
    const started = failure('--count', '5000', '--batch', '2', '--steps', '2');
    await vi.waitUntil(async () => (await readdir(out)).some((name) => name.endsWith('.png')), { timeout: 60_000 });
    process.kill(process.pid, 'SIGINT');
    const [exitCode, text] = await started;
    expect(exitCode).toBe(130);
    expect(text).toMatch(/bake: interrupted; \d+ images of 15000/);
    const names = await readdir(out);
    for (const name of names) expect(decodePng(await read(name), name).width).toBe(16);
    expect(names.length).toBeLessThan(5000);
  });
});
