import { expect, it } from 'vitest';
import { readPicture } from './textureImage.ts';

it('says so when a texture on the GPU is disposed while what reads it is loaded', async () => {
  let isGone = false;
  const texture = {
    name: 'elf',
    texels: null,
    look: { widthPx: 8, heightPx: 8 },
    isReady: () => !isGone,
    getInternalTexture: () => (isGone ? null : {}),
    readPixels: () => null, // as Babylon's textures do that are disposed
  };
  const read = readPicture(texture as unknown as Parameters<typeof readPicture>[0]);
  isGone = true;
  await expect(read).rejects.toThrow('readPicture: elf is disposed; read it before');
});
