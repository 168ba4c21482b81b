import '@babylonjs/core/Culling/ray.js';
import '@babylonjs/core/Sprites/spriteSceneComponent.js';
import { PointerEventTypes } from '@babylonjs/core/Events/pointerEvents.js';
import type { AbstractMesh } from '@babylonjs/core/Meshes/abstractMesh.js';
import type { Sprite } from '@babylonjs/core/Sprites/sprite.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { labelWords } from '../../shared/labelWords.ts';
import { create, element } from '../../shared/page.ts';
import type { CellSitter } from '../people/cellSitter.ts';
import type { Portrait } from '../people/portrait.ts';
import type { Sitter } from '../people/sitter.ts';

/** Calls `onChosen` with the sitter that is clicked on in the scene; sprites hide the portraits behind them. */
export function onPicked(
  scene: Scene,
  portraits: readonly Portrait[],
  sprites: () => readonly CellSitter[],
  onChosen: (sitter: Sitter) => void,
): void {
  const find = (): Sitter | undefined => {
    const { pointerX, pointerY } = scene;
    const ray = scene.createPickingRay(pointerX, pointerY, null, scene.activeCamera);
    const sitterOf = (sprite: Sprite) => sprites().find((candidate) => candidate.is(sprite));
    const isMet = (sprite: Sprite) => sitterOf(sprite)?.figure.isSolidAt(ray) ?? false;
    const sprite = scene.pickSprite(pointerX, pointerY, isMet)?.pickedSprite;
    if (sprite) return sitterOf(sprite);
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

/** The list of all sitters as buttons, for visitors who cannot or do not want to click on the scene. */
export class PeopleList {
  private readonly list = element('#people nav');
  private readonly buttons = new Map<Sitter, HTMLButtonElement>();

  constructor(private readonly onChosen: (sitter: Sitter) => void) {}

  add(sitter: Sitter): void {
    const button = create('button', { type: 'button' });
    const kind = create('small');
    const write = () => {
      button.textContent = `${sitter.name} `;
      kind.textContent = labelWords((sitter.face ?? sitter).recipe.label);
      button.append(kind);
    };
    write();
    sitter.onChangedObservable.add(() => {
      if (!sitter.isPainting) write();
    });
    button.addEventListener('click', () => this.onChosen(sitter));
    this.buttons.set(sitter, button);
    this.list.append(button);
  }

  /** Removes a sitter who has left; the keyboard focus moves to the next button. */
  remove(sitter: Sitter): void {
    const button = this.buttons.get(sitter);
    if (!button) return;
    const next = button.nextElementSibling ?? button.previousElementSibling;
    if (document.activeElement === button) (next as HTMLElement | null)?.focus();
    button.remove();
    this.buttons.delete(sitter);
  }
}
