// While a headset shows a scene, the window draws no frames.
import { expect, it, vi } from 'vitest';
import type { SurfaceMaterial } from '../material/surfaceMaterial.ts';
import { createScene, loadTinyMaterials } from '../testing/tinyScene.ts';

it('has pictures and maps made in its frames', async () => {
  const scene = createScene();
  const materials = await loadTinyMaterials(scene);
  const requestAnimationFrame = vi.fn((drawn: (time: number) => void) => setTimeout(() => drawn(performance.now())));
  scene.getEngine().customAnimationFrameRequester = { requestAnimationFrame };
  const wall = (await materials.generateMaterialAsync({ label: 'brick', seed: 7 })) as SurfaceMaterial;
  expect(requestAnimationFrame).toHaveBeenCalled();
  requestAnimationFrame.mockClear();
  await wall.reshapeAsync({ depthPx: 3 });
  expect(requestAnimationFrame).toHaveBeenCalled();
  scene.getEngine().dispose();
});
