// The tavern's camera under the keyboard, on an engine without a GPU.
import type { ArcRotateCamera } from '@babylonjs/core/Cameras/arcRotateCamera.js';
import { NullEngine } from '@babylonjs/core/Engines/nullEngine.js';
import { KeyboardEventTypes, KeyboardInfo } from '@babylonjs/core/Events/keyboardEvents.js';
import { Scene } from '@babylonjs/core/scene.js';
import { afterEach, expect, it } from 'vitest';
import { createCamera, VIEW } from './tavern.ts';

const engine = new NullEngine();
afterEach(() => {
  for (const scene of [...engine.scenes]) scene.dispose();
});

const ARROW_LEFT = 37;

/** A camera after a second in which the left arrow key was held. */
function cameraAfter(modifiers: { ctrlKey: boolean }): ArcRotateCamera {
  const scene = new Scene(engine);
  const camera = createCamera(scene, { clientWidth: 640, clientHeight: 360 } as HTMLCanvasElement);
  const event = { keyCode: ARROW_LEFT, metaKey: false, altKey: false, ...modifiers };
  scene.onKeyboardObservable.notifyObservers(new KeyboardInfo(KeyboardEventTypes.KEYDOWN, event as KeyboardEvent));
  for (let frame = 0; frame < 60; frame++) scene.render();
  return camera;
}

it('turns by the arrow keys as far as the room goes', () => {
  const camera = cameraAfter({ ctrlKey: false });
  expect(camera.alpha).toBeCloseTo(camera.lowerAlphaLimit!);
});

it('stays where it is with Ctrl, too, which would take it out of the room', () => {
  const camera = cameraAfter({ ctrlKey: true });
  expect(camera.target.asArray()).toEqual(VIEW.target);
});
