import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { pixelFolder } from '../../runtime/testing/foreignFolders.ts';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { decodePng } from '../node/png.ts';
import { createProgram } from './program.ts';

const isInstalled = await import('onnxruntime-node').then(
  () => true,
  () => false,
);

let dir: string;
const at = (...names: string[]) => join(dir, ...names);
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'figment-onnx-'));
  await writeFilesAtomic(at('tiny'), await tinyModelFolder());
});
afterAll(() => rm(dir, { recursive: true }));

const printed: string[] = [];
beforeEach(() => {
  printed.length = 0;
  vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(line));
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => vi.restoreAllMocks());

const figment = (...words: string[]) => createProgram().parseAsync(words, { from: 'user' });

it('writes a graph for each network, and what a program must know beside them', async () => {
  await figment('export', 'onnx', at('tiny'), '--out', at('onnx'));
  expect((await readdir(at('onnx'))).sort()).toEqual(['decoder.onnx', 'encoder.onnx', 'figment.json', 'unet.onnx']);
  expect(printed.join('\n')).toMatch(/export: unet\.onnx \(0\.\d MB\), decoder\.onnx .* in .*onnx/);
  await figment('export', 'onnx', at('tiny'), '--out', at('onnx')); // again, over its own
  await writeFilesAtomic(at('art'), { 'figment.json': new TextEncoder().encode('{ "figment": 1 }') });
  await expect(figment('export', 'onnx', at('tiny'), '--out', at('art'))).rejects.toThrow(
    /art holds a figment\.json that no export has written; choose another --out/,
  );
  expect(await readdir(at('art'))).toEqual(['figment.json']);
  await expect(figment('export', 'onnx', at('nothing'), '--out', at('onnx'))).rejects.toThrow(/does not exist/);
});

it('leaves no graph of another model beside its own', async () => {
  await figment('export', 'onnx', at('tiny'), '--out', at('again'));
  await writeFilesAtomic(at('pixels'), pixelFolder());
  await figment('export', 'onnx', at('pixels'), '--out', at('again'));
  expect((await readdir(at('again'))).sort()).toEqual(['figment.json', 'unet.onnx']);
});

it('asks for a whole model where a network lies alone', async () => {
  const files = Object.entries(await tinyModelFolder()).filter(([path]) => path.startsWith('vae/'));
  await writeFilesAtomic(at('lone'), Object.fromEntries(files));
  await expect(figment('export', 'onnx', at('lone'), '--out', at('lone-onnx'))).rejects.toThrow(
    /^export onnx: .*lone is no whole model, as it has no model_index\.json; name the folder of one, such as figment train ddpm has made/,
  );
  expect(await readdir(dir)).not.toContain('lone-onnx');
});

it.skipIf(!isInstalled)('bakes the same pictures by ONNX Runtime, in this thread or in several', async () => {
  const bake = async (out: string, ...words: string[]) => {
    const common = ['--label', 'elf', '--count', '2', '--sampler', 'ddim', '--backend', 'wasm'];
    await figment('bake', at('tiny'), ...common, ...words, '--out', at(out));
    return Promise.all(
      ['elf-0.png', 'elf-1.png'].map(async (name) => decodePng(new Uint8Array(await readFile(at(out, name)))).pixels),
    );
  };
  const expected = await bake('ours');
  for (const words of [[], ['--jobs', '2', '--batch', '1']]) {
    const pictures = await bake('theirs', '--engine', 'onnx', ...words);
    expect(printed.join('\n')).toContain('bake: onnx: The networks of diffusion models run in ONNX Runtime.');
    for (const [i, pixels] of pictures.entries()) {
      const difference = Math.max(...Array.from(pixels, (value, j) => Math.abs(value - expected[i]![j]!)));
      expect(difference).toBeLessThanOrEqual(2);
      expect(new Set(pixels).size).toBeGreaterThan(20);
    }
  }
});
