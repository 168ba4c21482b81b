import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { modelFolderFiles } from '../../runtime/index.ts';
import { tinyModelFiles } from '../../runtime/testing/tinyModel.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { copyModels } from './copyModel.ts';

it('asks for the folder where a model stands in its place', async () => {
  await expect(copyModels(['portraits', 'characters'])).rejects.toThrow(
    /models copy: characters is a model; name at last the folder to copy to/,
  );
  expect(existsSync('characters')).toBe(false);
  await expect(copyModels(['portraits'])).rejects.toThrow(/portraits is the only argument/);
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
