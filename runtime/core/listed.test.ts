import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { listed } from './listed.ts';

it.each([
  [[], ''],
  [['elf'], 'elf'],
  [['elf', 'goblin', 'orc', 'man', 'woman'], 'elf, goblin, orc, man, woman'],
  [['elf', 'goblin', 'orc', 'man', 'women!'], 'elf, goblin, … and 3 more'],
  [['elf', 'goblin', 'an orc of the hills', 'man'], 'elf, goblin, … and 2 more'],
  [['somebody whose name is long', 'elf'], 'somebody whos…, … and 1 more'],
  [['somebody whose name is longer'], 'somebody whose name is long…'],
])('lists %j', (words, text) => {
  expect(listed(words, 28)).toBe(text);
});

it('lists words until as many as there are, whole and within its length', () => {
  for (let count = 1; count < 300; count++) {
    const words = Array.from({ length: count }, (_, i) => `word${i}`);
    const text = listed(words, 100);
    expect(text.length).toBeLessThanOrEqual(100);
    const [, known = text, more = 0] = /^(.*), … and (\d+) more$/.exec(text) ?? [];
    expect(known).toBe(words.slice(0, count - Number(more)).join(', '));
  }
});

it.each(['characters', 'materials', 'portraits'])('lists all words of each attribute of %s', async (model) => {
  const { figment } = JSON.parse(await readFile(`assets/models/${model}/model_index.json`, 'utf8'));
  for (const words of Object.values(figment.attributes).filter(Array.isArray)) {
    expect(listed(words)).toBe(words.join(', '));
  }
});
