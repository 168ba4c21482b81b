import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeLicences } from './licences.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'figment-licences-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('names each bundled package once, with whose its files are, or the text of its licence', () => {
  const file = path.join(folder, 'licences.txt');
  writeLicences(file, [
    'node_modules/valibot/dist/index.mjs',
    'runtime/index.ts',
    'node_modules/@tensorflow/tfjs-core/dist/index.js',
    'node_modules/@tensorflow/tfjs-core/dist/engine.js',
    '(disabled):fs',
    '(disabled):node_modules/node-fetch/browser.js',
  ]);
  const [tfjs, valibot, ...rest] = readFileSync(file, 'utf8').split(/\n-+\n/);
  expect(tfjs).toMatch(/^@tensorflow\/tfjs-core 4\.\d+\.\d+: Apache-2\.0\n\n(Copyright 20\d\d Google .*\n)+$/);
  expect(valibot).toMatch(/^valibot 1\.\d+\.\d+: MIT\n\n.*MIT License[\s\S]*Permission is hereby granted/);
  expect(rest).toEqual([]);
});
