// A bake finds files and folders of others where it would write its pictures.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodePng } from '../node/png.ts';
import { type BakeFolder, createBakeFolder } from '../testing/bakeFolder.ts';
import type { BakeAsset } from './bakeFileSchema.ts';
import { bake } from './index.ts';

let art: BakeFolder;
beforeEach(async () => {
  art = await createBakeFolder();
});
afterEach(() => art.remove());

it('refuses to write over files that no bake has made, and writes over those of a lost manifest', async () => {
  const formats: BakeAsset['formats'] = ['png', 'ktx2'];
  const asset: Partial<BakeAsset> = { labels: ['elf'], maps: ['albedo', 'normal'], output: '{map}', formats };
  await art.describe([{ ...asset, sheet: '{map}-package' }], { materials: { gltf: 'a.gltf', babylon: 'a.babylon' } });
  const run = () => bake(art.file, { backend: 'wasm', force: true });
  const { written } = await run();
  expect(written).toHaveLength(10);
  for (const path of ['albedo.png', 'normal.ktx2', 'normal-package.json', 'a.gltf', 'a.babylon']) {
    await rm(join(art.out, 'figment.bake.manifest.json'), { force: true });
    const made = await readFile(join(art.out, path));
    await writeFile(join(art.out, path), '{ "name": "mine" }');
    await expect(run()).rejects.toThrow(`bake: ${path} would be written over, but no bake has made it; move it away`);
    expect(await readFile(join(art.out, path), 'utf8')).toBe('{ "name": "mine" }');
    await writeFile(join(art.out, path), made);
  }
  expect((await run()).numBaked).toBe(1);
});

it('says before it computes that a folder is in the place of a file, or a file in that of a folder', async () => {
  await art.describe([{ labels: ['elf'], output: 'heads/elf' }]);
  const run = () => bake(art.file, { backend: 'wasm' });
  await writeFile(join(art.out, 'heads'), 'mine');
  await expect(run()).rejects.toThrow(/^bake: heads is to be a folder, and a file is in its way; move it away/);
  await rm(join(art.out, 'heads'));
  await mkdir(join(art.out, 'heads', 'elf.png'), { recursive: true });
  await expect(run()).rejects.toThrow('bake: heads/elf.png is a folder; move it away, or choose another name');
});

it.each([
  ['elf.png', encodePng({ width: 1, height: 1, channels: 3, pixels: new Uint8Array(3) })],
  ['all.png', encodePng({ width: 1, height: 1, channels: 3, pixels: new Uint8Array(3), text: { Software: 'mine' } })],
  ['elf.ktx2', Buffer.from('ab4b5458203230bb0d0a1a0a00', 'hex')],
])("refuses to write over somebody's own %s, unless a manifest lists it", async (path, own) => {
  await art.describe([{ labels: ['elf'], output: 'elf', formats: ['png', 'ktx2'], sheet: 'all' }]);
  await writeFile(join(art.out, path), own);
  const run = () => bake(art.file, { backend: 'wasm' });
  await expect(run()).rejects.toThrow(`bake: ${path} would be written over, but no bake has made it; move it away`);
  expect(await readFile(join(art.out, path))).toEqual(Buffer.from(own));
  await rm(join(art.out, path));
  const { written } = await run();
  await writeFile(join(art.out, path), own);
  expect(written).toEqual(expect.arrayContaining((await run()).written));
  expect(await readFile(join(art.out, path))).not.toEqual(Buffer.from(own));
});
