// The company on an engine without a GPU.
import { Color4 } from '@babylonjs/core/Maths/math.color.js';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createScene, loadTiny } from '../../../plugin/testing/tinyScene.ts';
import type { Tavern } from '../tavern.ts';
import { TAVERN } from '../tavernFile.ts';
import { Artist } from './artist.ts';
import { Company } from './company.ts';

const scene = createScene();
const door = { isOpen: false };

beforeEach(() => vi.stubGlobal('matchMedia', () => ({ matches: false })));

afterEach(() => {
  vi.unstubAllGlobals();
  scene.getEngine().dispose();
});

it('is nobody before there is a model, then the first guests, then whoever comes in by the door', async () => {
  const tavern = { scene, door, lights: { tint: () => new Color4(1, 1, 1, 1) } } as unknown as Tavern;
  const events = { onCome: vi.fn(), onGone: vi.fn(), onStep: vi.fn() };
  const company = new Company(tavern, { ...TAVERN.guests, arrivals: { ...TAVERN.guests.arrivals, everyS: 1 } }, events);
  const pass = () => scene.onBeforeRenderObservable.notifyObservers(scene);
  vi.spyOn(scene.getEngine(), 'getDeltaTime').mockReturnValue(200);
  pass();
  expect(company.present).toEqual([]);
  company.areArriving = false;

  await company.paintAllAsync(new Artist(await loadTiny(scene), 'tiny'));
  const numFirst = TAVERN.guests.labels.length;
  expect(events.onCome).toHaveBeenCalledTimes(numFirst);
  for (let frame = 0; frame < 20; frame++) pass();
  expect(company.present.length).toBe(numFirst);
  expect(door.isOpen).toBe(false);

  company.areArriving = true;
  for (let frame = 0; frame < 6; frame++) pass();
  await vi.waitUntil(() => company.present[numFirst]?.state === 'coming');
  pass();
  expect(door.isOpen).toBe(true);
});
