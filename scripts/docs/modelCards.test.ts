import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { attributesOfLabel, loadModelFolder } from '../../runtime/index.ts';
import { diskSource } from '../node/diskSource.ts';
import { packageRoot } from '../node/packageRoot.ts';

const folder = path.join(packageRoot(), 'assets/models/materials');

it('list the patterns of each label', async () => {
  const { labels, figment } = (await loadModelFolder(diskSource(folder))).index;
  const card = readFileSync(path.join(folder, 'README.md'), 'utf8');
  const [, table] = card.match(/^\| label \| patterns \|\n\|---\|---\|\n((?:\|.*\|\n)+)/m)!;
  const listed = table!.trim().split('\n');
  const known = labels.map((label) => {
    const { pattern } = attributesOfLabel({ ...figment, labels }, label);
    return `| ${label} | ${(pattern as readonly string[]).join(', ')} |`;
  });
  expect(listed).toEqual(known);
});
