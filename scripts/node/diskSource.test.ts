import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MissingFileError, ModelFileError } from '../../runtime/core/errors.ts';
import { loadModelFolder } from '../../runtime/weights/modelFolder.ts';
import { diskSource } from './diskSource.ts';

let root: string;
let folder: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'figment-disk-'));
  folder = join(root, 'tiny');
  await mkdir(join(folder, 'vae'), { recursive: true });
  await writeFile(join(folder, 'vae/config.json'), 'inside');
  await writeFile(join(root, 'secret'), 'outside');
});

afterEach(() => rm(root, { recursive: true }));

it('reads a file, is named after its folder, and reports the size', async () => {
  const onProgress = vi.fn();
  const source = diskSource(`${folder}/`);
  expect(new TextDecoder().decode(await source.read('vae/config.json', { onProgress }))).toBe('inside');
  expect(source.name).toBe('tiny');
  expect(onProgress.mock.calls).toEqual([[6, 6]]);
});

it.each(['model_index.json', 'unet/config.json', 'vae/config.json/x'])('does not have %s', async (path) => {
  await expect(diskSource(folder).read(path)).rejects.toThrow(MissingFileError);
  await expect(diskSource(folder).read(path)).rejects.toThrow(`diskSource: tiny/${path}: there is no such file`);
});

it('says so when the folder is missing', async () => {
  await expect(diskSource(join(root, 'none')).read('a')).rejects.toThrow(MissingFileError);
});

it.each(['../secret', 'vae/../../secret', '/etc/passwd', '..', '../tiny-2/a'])('refuses %s', async (path) => {
  await expect(diskSource(folder).read(path)).rejects.toThrow('leaves the model folder; expected a path inside it');
});

it('refuses a link that leaves the folder, to a file or to a folder', async () => {
  await symlink(join(root, 'secret'), join(folder, 'link'));
  await symlink(root, join(folder, 'up'));
  for (const path of ['link', 'up/secret']) {
    await expect(diskSource(folder).read(path)).rejects.toThrow('leaves the model folder');
  }
});

it('follows links within the folder, and a link to the folder', async () => {
  await symlink('vae/config.json', join(folder, 'link'));
  await symlink(folder, join(root, 'alias'));
  expect((await diskSource(folder).read('link')).length).toBe(6);
  expect((await diskSource(join(root, 'alias')).read('vae/config.json')).length).toBe(6);
});

it('refuses what is no file, and does not wait for a pipe', async () => {
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  await expect(diskSource(folder).read('vae')).rejects.toThrow(ModelFileError);
  await expect(diskSource(folder).read('pipe')).rejects.toThrow('tiny/pipe: expected a file');
});

it.each([
  ['config.json', 10_000_000],
  ['model.safetensors', 2 ** 31 - 1],
])('refuses a %s that is larger than it may be, and reads none of it', async (name, maxBytes) => {
  await writeFile(join(folder, name), '');
  await truncate(join(folder, name), maxBytes + 1);
  const problem = `diskSource: tiny/${name}: is larger than ${maxBytes} bytes`;
  await expect(diskSource(folder).read(name)).rejects.toThrow(ModelFileError);
  await expect(diskSource(folder).read(name)).rejects.toThrow(problem);
});

it('stops with the reason given', async () => {
  const controller = new AbortController();
  const reading = diskSource(folder).read('vae/config.json', { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
});

it('gives loadModelFolder a folder that diffusers wrote', async () => {
  const pipeline = fileURLToPath(new URL('../../runtime/testing/fixtures/pipeline', import.meta.url));
  const { index, unet } = await loadModelFolder(diskSource(pipeline));
  expect(index.figment.name).toBe('pipeline');
  expect(unet.get('conv_in.weight')!.shape).toEqual([16, 4, 3, 3]);
});
