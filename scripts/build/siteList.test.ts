import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { contentHash } from '../node/siteCaching.ts';
import { SITE_LIST, withSiteList } from './siteList.ts';

async function listed(folder: string): Promise<unknown> {
  const list = withSiteList({ folders: { '/models/': folder } }).files![SITE_LIST] as () => Promise<string>;
  return JSON.parse(await list());
}

it('lists what is in a folder, nothing of one that does not exist, and tells of one that cannot be read', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'figment-site-'));
  const file = path.join(folder, 'a.json');
  writeFileSync(file, '{}');
  expect(await listed(folder)).toEqual({ 'models/a.json': contentHash('{}') });
  expect(await listed(path.join(folder, 'none'))).toEqual({});
  await expect(listed(file)).rejects.toThrow('ENOTDIR');
  rmSync(folder, { recursive: true });
});
