import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { loadModelFolder, modelFolderFiles } from '../../runtime/index.ts';
import { pixelFolder } from '../../runtime/testing/foreignFolders.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { diskSource } from '../node/diskSource.ts';
import { copyModels } from './copyModel.ts';

it('asks for the folder where a model stands in its place', async () => {
  await expect(copyModels(['portraits', 'characters'])).rejects.toThrow(
    /models copy: characters is a model; name at last the folder to copy to/,
  );
  expect(existsSync('characters')).toBe(false);
  await expect(copyModels(['portraits'])).rejects.toThrow(/portraits is the only argument/);
});

it('copies no model over another', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'figment-copy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const files = await modelFolderFiles(tinyModelFiles());
  for (const name of ['heroes/model', 'villains/Model']) await writeFilesAtomic(join(folder, name), files);
  const [heroes, villains, site] = ['heroes/model', 'villains/Model', 'site'].map((name) => join(folder, name));
  await expect(copyModels([heroes!, villains!, site!])).rejects.toThrow(
    /heroes\/model and .*villains\/Model would both be copied to .*site\/Model; rename one, or copy them to two folders$/,
  );
  expect(existsSync(site!)).toBe(false);
});

it('asks for another folder where none can be made', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'figment-copy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFilesAtomic(join(folder, 'model'), await modelFolderFiles(tinyModelFiles()));
  await symlink(join(folder, 'nowhere', 'else'), join(folder, 'dangling'));
  await expect(copyModels([join(folder, 'model'), join(folder, 'dangling')])).rejects.toThrow(
    /^models copy: .*dangling cannot be written to \(E[A-Z]+\); choose another folder$/,
  );
});

it('copies a model whose files lie in no folders', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'figment-copy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFilesAtomic(join(folder, 'flat'), pixelFolder({ isAtRoot: true }));
  await copyModels([join(folder, 'flat'), join(folder, 'site')]);
  const { unet } = await loadModelFolder(diskSource(join(folder, 'site/flat')));
  expect(unet.size).toBeGreaterThan(0);
});

it('copies a model of pixels to where one of latents was, whose auto-encoder goes', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'figment-copy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFilesAtomic(join(folder, 'latents/heroes'), await modelFolderFiles(tinyModelFiles()));
  await writeFilesAtomic(join(folder, 'pixels/heroes'), pixelFolder());
  const site = join(folder, 'site');
  await copyModels([join(folder, 'latents/heroes'), site]);
  expect((await loadModelFolder(diskSource(join(site, 'heroes')))).vaeConfig).toBeDefined();
  await copyModels([join(folder, 'pixels/heroes'), site]);
  const { unet, vaeConfig } = await loadModelFolder(diskSource(join(site, 'heroes')));
  expect([unet.size > 0, vaeConfig]).toEqual([true, undefined]);
  await copyModels([join(site, 'heroes'), site]);
  expect(existsSync(join(site, 'heroes/model_index.json')), 'onto itself').toBe(true);
});

it('copies what pages fetch of a model of the user, by its folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'figment-copy-'));
  try {
    const files = await modelFolderFiles(tinyModelFiles());
    await writeFilesAtomic(join(folder, 'run'), files);
    await writeFile(join(folder, 'run', 'preview-7.png'), 'not for pages');
    await copyModels([join(folder, 'run/'), join(folder, 'public')]);
    const copied = await readdir(join(folder, 'public/run'), { recursive: true });
    expect(copied).toContain('unet/diffusion_pytorch_model.safetensors');
    expect(copied).not.toContain('preview-7.png');
    expect(await readFile(join(folder, 'public/run/model_index.json'))).toEqual(
      await readFile(join(folder, 'run/model_index.json')),
    );
    await writeFile(join(folder, 'secret.txt'), 'secret');
    const linked = join(folder, 'run/unet/diffusion_pytorch_model.safetensors');
    await rm(linked);
    await symlink(join(folder, 'secret.txt'), linked);
    await expect(copyModels([join(folder, 'run'), join(folder, 'site')])).rejects.toThrow(
      /unet\/diffusion_pytorch_model.safetensors: leaves the model folder; expected a path inside it/,
    );
    expect(existsSync(join(folder, 'site/run'))).toBe(false);
    await expect(copyModels([join(folder, 'none'), join(folder, 'public')])).rejects.toThrow(/none" does not exist/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
