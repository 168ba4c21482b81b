import { afterEach, describe, expect, it, vi } from 'vitest';
import { MissingFileError, ModelFileError } from '../core/errors.ts';
import { checkModelPath, memorySource, sha256Hex } from './modelSource.ts';

describe('memorySource', () => {
  const source = memorySource({ 'unet/config.json': new Uint8Array([1, 2, 3]) }, 'tiny');

  it('reads a file and reports its size', async () => {
    const onProgress = vi.fn();
    expect(await source.read('unet/config.json', { onProgress })).toEqual(new Uint8Array([1, 2, 3]));
    expect(onProgress.mock.calls).toEqual([[3, 3]]);
  });

  it.each(['vae/config.json', 'toString', '__proto__'])('does not have %s', async (path) => {
    await expect(source.read(path)).rejects.toThrow(MissingFileError);
    await expect(source.read(path)).rejects.toThrow(`tiny/${path}: there is no such file`);
  });

  it('stops when it is told to', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(source.read('unet/config.json', { signal })).rejects.toThrow('enough');
  });
});

describe('checkModelPath', () => {
  it.each(['model_index.json', 'unet/diffusion_pytorch_model.safetensors', 'a/b/c-1.bin', '..a', 'a..'])(
    'accepts %s',
    (path) => expect(() => checkModelPath(path, 'tiny')).not.toThrow(),
  );

  it.each([
    ...[
      '',
      '/',
      '/etc/passwd',
      '..',
      '.',
      '../a',
      'a/../b',
      'a/..',
      './a',
      'a//b',
      'a/',
      'a\\..\\b',
      'C:a',
      'a\0',
      'a?b',
      'a#b',
    ],
    ...['http://host/a', '//host/a', 'a%2e%2e/b', '%2e%2e/a', 'a b', 'a\n'],
  ])('refuses %j', (path) => {
    expect(() => checkModelPath(path, 'tiny')).toThrow(ModelFileError);
  });
});

afterEach(() => vi.unstubAllGlobals());

// FIPS 180-4's examples.
it.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
])('hashes "%s"', async (text, expected) => {
  expect(await sha256Hex(new TextEncoder().encode(text))).toBe(expected);
});

it('says what to do where the page is not secure', async () => {
  vi.stubGlobal('crypto', {});
  await expect(sha256Hex(new Uint8Array())).rejects.toThrow('serve the page over https');
});
