import { describe, expect, it } from 'vitest';
import { fileNameOf } from './page.ts';

describe('fileNameOf', () => {
  it.each([
    ['pixel_items-16', 'pixel_items-16'],
    [' my items (new)', 'my-items-new'],
    ['Gemälde', 'Gemälde'],
    ['宝物', '宝物'],
    ['…', ''],
  ])('makes %j %j', (text, name) => {
    expect(fileNameOf(text)).toBe(name);
  });
});
