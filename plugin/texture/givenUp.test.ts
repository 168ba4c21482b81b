// What becomes of a texture whose first picture is given up: a scene does not wait for it for ever.
import { Texture } from '@babylonjs/core/Materials/Textures/texture.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { describe, expect, it, vi } from 'vitest';
import { SurfaceMaterial } from '../material/surfaceMaterial.ts';
import { loadTinyTextures, next } from '../testing/tinyScene.ts';
import { RECIPE, scene, tiny, useTiny } from '../testing/tinySuite.ts';

useTiny();

describe('a texture whose first picture is given up', () => {
  it('is no obstacle to its scene, nor is a surface that is made of it', async () => {
    const textures = await loadTinyTextures(scene);
    const leaving = new AbortController();
    const { texture, finished } = textures.beginTexture({ label: 'brick', seed: 7, signal: leaving.signal });
    const material = new SurfaceMaterial('wall', texture);
    CreatePlane('wall', {}, scene).material = material;
    const written = material.whenWrittenAsync();
    scene.getEngine().getCaps().standardDerivatives = true;
    leaving.abort();
    for (const given of [finished, written]) {
      await expect(given).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    }
    await scene.whenReadyAsync();
  });

  it('is nobody’s business where nobody waits for it', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const { texture } = tiny.beginTexture(RECIPE);
    tiny.dispose();
    await new Promise((resolve) => setTimeout(resolve, 5));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
    expect(texture.getScene()).toBe(null);
  });

  it('has a loading error when it is a clone whose generator is gone', async () => {
    const { texture, finished } = tiny.beginTexture(RECIPE);
    const copy = texture.clone();
    const failed = next(Texture.OnTextureLoadErrorObservable);
    tiny.dispose();
    await expect(finished).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(await failed).toBe(copy);
    expect(copy.isReadyOrNotBlocking()).toBe(true);
  });

  it('has a loading error, too, when another request for it was refused', async () => {
    const { texture, finished } = tiny.beginTexture(RECIPE);
    finished.catch(() => {});
    const copy = texture.clone();
    await expect(copy.regenerateAsync({ label: 'elv' })).rejects.toThrow(/did you mean "elf"/);
    const failed = next(Texture.OnTextureLoadErrorObservable);
    tiny.dispose();
    expect(await failed).toBe(copy);
    expect(copy.isReadyOrNotBlocking()).toBe(true);
  });

  it('has a loading error, too, when a newer one that took its place is given up with the generator', async () => {
    const { texture, finished } = tiny.beginTexture({ ...RECIPE, numInferenceSteps: 500 });
    finished.catch(() => {});
    const newer = texture.regenerateAsync({ seed: 8 });
    const failed = next(Texture.OnTextureLoadErrorObservable);
    setTimeout(() => tiny.dispose());
    await expect(newer).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(await failed).toBe(texture);
    expect(texture.isReadyOrNotBlocking()).toBe(true);
  });
});
