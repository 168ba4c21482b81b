import '@babylonjs/core/Culling/ray.js';
import '@babylonjs/core/Sprites/spriteSceneComponent.js';
import { PointerEventTypes } from '@babylonjs/core/Events/pointerEvents.js';
import type { AbstractMesh } from '@babylonjs/core/Meshes/abstractMesh.js';
import type { Scene } from '@babylonjs/core/scene.js';
import type { Guest } from './people/guest.ts';
import type { Portrait } from './people/portrait.ts';
import type { Sitter } from './people/sitter.ts';

/** Tells who is clicked on, guests before those behind them on the wall. */
export function onPicked(
  scene: Scene,
  portraits: readonly Portrait[],
  guests: () => readonly Guest[],
  onChosen: (sitter: Sitter) => void,
): void {
  const find = (): Sitter | undefined => {
    const { pointerX, pointerY } = scene;
    const sprite = scene.pickSprite(pointerX, pointerY)?.pickedSprite;
    const guest = sprite && guests().find((candidate) => candidate.is(sprite));
    if (guest) return guest;
    const isPicture = (mesh: AbstractMesh) => portraits.some(({ frame }) => frame.picture === mesh);
    const mesh = scene.pick(pointerX, pointerY, isPicture).pickedMesh;
    return portraits.find(({ frame }) => frame.picture === mesh);
  };
  scene.onPointerObservable.add(({ type }) => {
    if (type === PointerEventTypes.POINTERTAP) {
      const sitter = find();
      if (sitter) onChosen(sitter);
    } else if (type === PointerEventTypes.POINTERMOVE) {
      scene.getEngine().getRenderingCanvas()!.style.cursor = find() ? 'pointer' : 'grab';
    }
  });
}
