// The sliders of walls and floor, with as much of a page as they need.
import { Observable } from '@babylonjs/core/Misc/observable.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Surface } from '../surfaces.ts';
import { offerWeathering } from './weathering.ts';

class FakeElement extends EventTarget {
  hidden = true;
  valueAsNumber = 0;
  textContent = '';
  readonly dataset = {};
  readonly children: FakeElement[] = [];
  append(...added: FakeElement[]): void {
    this.children.push(...added);
  }
  replaceChildren(...added: FakeElement[]): void {
    this.children.splice(0, Number.POSITIVE_INFINITY, ...added);
  }
  querySelector(): FakeElement {
    return drawer;
  }
}

let drawer: FakeElement;

beforeEach(() => {
  drawer = new FakeElement();
  const createTextNode = () => new FakeElement();
  vi.stubGlobal('document', { querySelector: () => drawer, createElement: () => new FakeElement(), createTextNode });
});
afterEach(() => vi.unstubAllGlobals());

/** The slider of a floor whose painting fails. */
function sliderOfFloor(problem: Error, onError: (error: unknown) => void): FakeElement {
  const floor = {
    is: 'floor',
    name: 'The floor',
    recipe: { label: 'planks', seed: 1 },
    artist: { generator: { labels: ['planks'], info: { attributes: { wear: { min: 0, max: 1 } } } } },
    onChangedObservable: new Observable(),
    changeAsync: () => Promise.reject(problem),
  } as unknown as Surface;
  offerWeathering([floor], onError);
  return drawer.children[0]!.children[1]!;
}

it('tells the page why a surface could not be painted, and nothing where the slider has moved on', async () => {
  const onError = vi.fn();
  const outOfPaint = new Error('out of paint');
  sliderOfFloor(new DOMException('a newer picture was asked for', 'AbortError'), onError).dispatchEvent(
    new Event('input'),
  );
  sliderOfFloor(outOfPaint, onError).dispatchEvent(new Event('input'));
  await expect.poll(() => onError.mock.calls).toEqual([[outOfPaint]]);
});
