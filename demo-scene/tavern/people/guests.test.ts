// Guests on an engine without a GPU, painted by the tiny model.
import { Color4 } from '@babylonjs/core/Maths/math.color.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { memory } from '@tensorflow/tfjs-core';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AssetGenerator } from '../../../plugin/index.ts';
import { createScene, loadTiny, loadTinyWalks, ON_THIS_THREAD } from '../../../plugin/testing/tinyScene.ts';
import { parseFrames } from '../../../runtime/core/frames.ts';
import { tinyModelFolder } from '../../../runtime/testing/tinyModel.ts';
import type { Tavern } from '../tavern.ts';
import { type GuestsPlan, TAVERN } from '../tavernFile.ts';
import type { Guest } from './guest.ts';
import { Company, Guests, type GuestsOptions } from './guests.ts';
import { nameOf } from './names.ts';
import { changeSheetAsync, sheetOf } from './sheet.ts';
import { Artist } from './sitter.ts';

const FRAME_S = 0.2;
const PLAN: GuestsPlan = {
  ...TAVERN.guests,
  labels: TAVERN.guests.labels.slice(0, 2),
  places: TAVERN.guests.places.slice(0, 4),
  arrivals: { ...TAVERN.guests.arrivals, everyS: 1 },
};

let scene: Scene;
let tiny: AssetGenerator;
let artist: Artist;
let options: GuestsOptions;
let guests: Guests;
let gone: Guest[];

beforeEach(async () => {
  scene = createScene();
  tiny = await loadTiny(scene);
  artist = new Artist(tiny, 'tiny');
  gone = [];
  options = {
    plan: PLAN,
    faces: null,
    tint: () => new Color4(1, 1, 1, 1),
    isStill: () => false,
    onCome: vi.fn(),
    onGone: (guest) => gone.push(guest),
  };
  guests = await Guests.InviteAsync(artist, options);
});

afterEach(() => {
  scene.getEngine().dispose();
});

const summary = () => guests.present.map(({ name, state, place }) => ({ name, state, place }));

/** Lets time pass until something is true; it stands still while a picture is painted, however long that takes. */
async function pass(isOver: () => boolean): Promise<void> {
  for (let frame = 0; !isOver(); frame++) {
    expect(frame, 'frames').toBeLessThan(5000);
    while (guests.present.some(({ isPainting }) => isPainting)) await new Promise((resolve) => setTimeout(resolve, 1));
    guests.update(FRAME_S);
  }
}

const has = (state: Guest['state']) => guests.present.some((guest) => guest.state === state);

describe('Guests', () => {
  it('are there at the start, each at a place of their own', () => {
    expect(guests.present.map(({ state, place }) => [state, place])).toEqual([
      ['here', 'place 1'],
      ['here', 'place 2'],
    ]);
    expect(guests.present.map(({ recipe }) => recipe.seed)).toEqual([PLAN.seed, PLAN.seed + 1]);
    expect(guests.present[0]!.position).toEqual(PLAN.places[0]!.at);
    expect(options.onCome).toHaveBeenCalledTimes(2);
  });

  it('stay alone while the door is closed', async () => {
    for (let i = 0; i < 1000; i++) guests.update(FRAME_S);
    expect(guests.present.length).toBe(2);
  });

  it('come in by the door once there is something to see, and walk to their place', async () => {
    guests.areArriving = true;
    await pass(() => guests.present.length === 3);
    const guest = guests.present[2]!;
    expect(guest.state).toBe('waiting');
    expect(guest.figure.isVisible).toBe(false);
    await pass(() => guest.state === 'coming');
    guests.areArriving = false;
    expect(guest.figure.isVisible).toBe(true);
    expect(Math.hypot(guest.position[0] - PLAN.door[0], guest.position[1] - PLAN.door[1])).toBeLessThan(0.5);
    await pass(() => guest.state === 'here');
    expect(guest.position).toEqual(PLAN.places[2]!.at);
    expect(guest.recipe).toMatchObject({ seed: PLAN.arrivals.seed });
    expect(await guest.pixelsAsync()).toEqual(await tiny.generatePixelsAsync({ ...guest.recipe }));
  });

  it('are the same ones each time', async () => {
    guests.areArriving = true;
    await pass(() => guests.present.length === 4);
    const first = summary().map(({ name }) => name);
    guests.dispose();
    guests = await Guests.InviteAsync(artist, options);
    guests.areArriving = true;
    await pass(() => guests.present.length === 4);
    expect(summary().map(({ name }) => name)).toEqual(first);
  });

  it('make place when the room is full: the longest there goes, unless kept or spoken to', async () => {
    const [kept, spokenTo] = guests.present;
    artist.keeping.keep(kept!);
    spokenTo!.isSpokenTo = true;
    guests.areArriving = true;
    await pass(() => guests.present.length === 4);
    guests.areArriving = false;
    await pass(() => guests.present.every(({ state }) => state === 'here'));
    guests.areArriving = true;
    const third = guests.present[2]!;
    await pass(() => gone.length === 1);
    expect(gone).toEqual([third]);
    expect(third.figure.isVisible).toBe(false);
    expect(guests.present.slice(0, 2)).toEqual([kept, spokenTo]);
    await expect(third.changeAsync({ seed: 1 })).rejects.toThrow(/has left the tavern/);
    artist.keeping.letGo(kept!);
    await pass(() => gone.includes(kept!));
  });

  it('have a face of the same person where somebody paints faces, and a name that fits it', async () => {
    guests.dispose();
    const vocabulary = { gender: ['female', 'male'], hair: ['red', 'grey'] };
    const faces = new Artist(
      await AssetGenerator.LoadAsync(
        await tinyModelFolder({ labels: ['elf', 'orc'], attributes: vocabulary }),
        scene,
        ON_THIS_THREAD,
      ),
      'faces',
    );
    const walkers = await loadTinyWalks(scene, {
      labels: ['knight', 'mage'],
      attributes: { kind: ['elf', 'orc'], hair: ['red', 'grey'] },
      frames: parseFrames([
        { direction: 'down', frame: 'stand' },
        { direction: 'right', frame: 0 },
        { direction: 'right', frame: 1 },
      ]),
    });
    guests = await Guests.InviteAsync(new Artist(walkers, 'walkers'), { ...options, faces });
    const [first] = guests.present;
    const { attributes = {}, label } = first!.face!.recipe;
    expect(first!.recipe).toMatchObject({ label: 'knight', attributes: { kind: label, hair: attributes.hair } });
    expect(first!.name).toBe(nameOf(first!.face!.recipe));
    const changes = [changeSheetAsync(first!, 'hair', 'red'), changeSheetAsync(first!, 'kind', 'orc')];
    const [overtaken, last] = await Promise.allSettled(changes);
    expect([overtaken!.status, last!.status]).toEqual(['rejected', 'fulfilled']);
    expect(first!.face!.recipe).toMatchObject({ label: 'orc', attributes: { ...attributes, hair: 'red' } });
    expect(first!.recipe.attributes).toEqual({ kind: 'orc', hair: 'red' });
    expect(sheetOf(first!).map(({ name }) => name)).toEqual(['kind', 'role', 'gender', 'hair']);
    await changeSheetAsync(first!, 'hair', null);
    const drawn = first!.recipe.attributes!.hair;
    expect(drawn).toMatch(/red|grey/);
    expect(first!.face!.recipe.attributes).toMatchObject({ hair: drawn });
    await changeSheetAsync(first!, 'gender', null); // which the face alone shows
    expect(first!.face!.recipe.attributes).not.toHaveProperty('gender');

    guests.areArriving = true;
    await pass(() => guests.present[2]?.state === 'coming');
    guests.areArriving = false;
    const sprite = scene.spriteManagers!.flatMap(({ sprites }) => sprites)[2]!;
    const playing = new Set<boolean>();
    await pass(() => {
      playing.add(sprite.animationStarted);
      return guests.present[2]!.state === 'here';
    });
    expect(playing).toContain(true); // on the way to the right; of other ways the tiny model has no frames
    expect(sprite.animationStarted).toBe(false);
    faces.generator.dispose();
  });

  it('are painted whole when their sheet is changed after an edit', async () => {
    const [first] = guests.present;
    await first!.changeAsync({ image: new Uint8Array(4 * 16 * 16).fill(120), strength: 0.5 });
    expect(first!.recipe.image).toBeDefined();
    await changeSheetAsync(first!, 'kind', 'goblin');
    const { label, image, strength } = first!.recipe;
    expect({ label, image, strength }).toEqual({ label: 'goblin', image: undefined, strength: undefined });
  });

  it('are there again when they are kept, with what was made of them', async () => {
    const [first] = guests.present;
    await first!.changeAsync({ seed: 77, interpolate: { seed: 5, amount: 0.25 } });
    artist.keeping.keep(first!);
    guests.dispose();
    guests = await Guests.InviteAsync(artist, options);
    expect(guests.present[0]!.recipe).toMatchObject({ seed: 77, interpolate: { seed: 5, amount: 0.25 } });
    expect(guests.present[0]!.place).toBe('place 1');
  });

  it('are there again also when they came later, and leave their face to nobody', async () => {
    const faces = new Artist(await loadTiny(scene), 'faces');
    const again = async () => {
      guests.dispose();
      guests = await Guests.InviteAsync(artist, { ...options, faces });
    };
    await again();
    guests.areArriving = true;
    await pass(() => guests.present.length === 3);
    const later = guests.present[2]!;
    artist.keeping.keep(later);
    faces.keeping.keep({ place: later.place, recipe: { ...later.face!.recipe, seed: 77 } });
    await again();
    expect(summary()).toHaveLength(3);
    expect(guests.present[2]).toMatchObject({ place: 'place 3', state: 'here', recipe: { seed: later.seed } });
    expect(guests.present[2]!.face!.recipe.seed).toBe(77);
    guests.areArriving = true;
    await pass(() => guests.present.length === 4);
    expect(guests.present[3]!.seed).toBe(later.seed + 1); // who is here already does not come in by the door
    artist.keeping.letGo(later);
    await again();
    guests.areArriving = true;
    await pass(() => guests.present.length === 3);
    expect(guests.present[2]!.face!.recipe.seed).toBe(guests.present[2]!.seed);
  });

  it('appear and vanish where motion is to be reduced', async () => {
    options.isStill = () => true;
    guests.areArriving = true;
    const states = new Set<string>();
    await pass(() => {
      for (const { state } of guests.present) states.add(state);
      return gone.length === 2;
    });
    expect([...states].sort()).toEqual(['here', 'waiting']);
  });

  it('leave nothing behind: fifty who came and went', async () => {
    const count = () => ({
      textures: scene.textures.length,
      meshes: scene.meshes.length,
      materials: scene.materials.length,
      sprites: scene.spriteManagers!.flatMap(({ sprites }) => sprites).length,
      tensors: memory().numTensors,
    });
    const before = count();
    guests.areArriving = true;
    await pass(() => gone.length >= 50);
    expect(new Set(gone).size).toBe(gone.length);
    expect(guests.present.length).toBeLessThanOrEqual(PLAN.places.length);
    guests.areArriving = false;
    await pass(() => !has('waiting') && !has('coming') && !has('leaving'));
    expect(tiny.queueLength).toBe(0);
    expect(count()).toEqual(before);
  });

  it('take everything with them at the end', () => {
    const sheet = scene.spriteManagers![0]!.texture;
    expect(scene.textures).toContain(sheet);
    guests.dispose();
    expect(scene.textures).not.toContain(sheet);
    expect(scene.materials).toEqual([]);
    expect(scene.meshes.length).toBe(0);
    expect(scene.spriteManagers).toEqual([]);
    expect(gone.length).toBe(2);
  });
});

describe('Company', () => {
  const door = { isOpen: false };

  beforeEach(() => vi.stubGlobal('matchMedia', () => ({ matches: false })));

  afterEach(() => vi.unstubAllGlobals());

  it('is nobody before there is a model, then the first guests, then whoever comes in by the door', async () => {
    const tavern = { scene, door, lights: { tint: () => new Color4(1, 1, 1, 1) } } as unknown as Tavern;
    const events = { onCome: vi.fn(), onGone: vi.fn(), onStep: vi.fn() };
    const company = new Company(
      tavern,
      { ...TAVERN.guests, arrivals: { ...TAVERN.guests.arrivals, everyS: 1 } },
      events,
    );
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
    await vi.waitUntil(() => company.present[numFirst]?.state === 'coming', { timeout: 30_000 });
    pass();
    expect(door.isOpen).toBe(true);
  });
});
