// The tavern. The room shows at once; then four models paint the portraits, the guests, the things and the room's surfaces.
import type { Scene } from '@babylonjs/core/scene.js';
import { AssetGenerator, CreateEngineAsync, encodeEdit } from '../../plugin/index.ts';
import { messageOf } from '../../runtime/index.ts';
import { Gallery } from './people/gallery.ts';
import { Company } from './people/guests.ts';
import { Artist, type Sitter, TRAINED_HERE } from './people/sitter.ts';
import { adapterOf, chooseQuality, isDrawnByCpu } from './quality.ts';
import { onPicked, PeopleList } from './ui/choosing.ts';
import './tavern.css';
import { keepForNextVisit } from '../shared/keepForNextVisit.ts';
import { element } from '../shared/page.ts';
import { refuseDrops } from '../shared/refuseDrops.ts';
import { Drawing } from './drawing.ts';
import { useNewest } from './newestModel.ts';
import type { Guest } from './people/guest.ts';
import { fetchShaders } from './room/shaders.ts';
import { Surfaces } from './surfaces.ts';
import { openTavern } from './tavern.ts';
import { TAVERN } from './tavernFile.ts';
import { Things } from './things.ts';
import { Card } from './ui/card.ts';
import { Controls, offerTraining } from './ui/controls.ts';
import { Measures, ProgressLine } from './ui/readouts.ts';
import { offerWeathering } from './ui/weathering.ts';

const progress = new ProgressLine();
const card = new Card();
const people = new PeopleList((sitter) => card.open(sitter));
let gallery: Gallery | null = null;
let company: Company | null = null;
let measures: Measures;
let drawing: Drawing;
/** For each model that could not be loaded: what it paints, and why. */
const missing = new Map<string, string>();
let numWorking = 0;
const controls = new Controls(
  location.search,
  (areArriving) => {
    if (company) company.areArriving = areArriving;
  },
  (pipeline) => {
    if (gallery) working(gallery.paintByAsync(pipeline)).catch(fail);
  },
);

async function start(): Promise<void> {
  const engine = await CreateEngineAsync(element<HTMLCanvasElement>('#canvas'), { antialias: !isDrawnByCpu() });
  reached('engine');
  const quality = chooseQuality(engine, location.search, controls.settings.quality);
  fetchShaders(engine);
  drawing = new Drawing(engine, quality);
  const tavern = openTavern(engine, TAVERN, quality);
  const { scene, portraits, lights } = tavern;
  drawing.begin(scene, () => reached('room'));
  measures = new Measures(engine, adapterOf(engine));
  const events = {
    onCome: people.add.bind(people),
    onGone: people.remove.bind(people),
    onStep: measures.step.bind(measures),
    onPortraits: (numDone: number, numAll: number) => {
      progress.portraits(numDone, numAll);
      if (numDone === 0) return;
      drawing.endRests();
      if (numDone === 1) reached('first face');
      if (numDone === numAll) reached('faces');
    },
  };
  gallery = new Gallery(portraits, events, controls.settings.pipeline);
  company = new Company(tavern, TAVERN.guests, events);
  company.areArriving = controls.areArriving;
  const things = new Things(scene, TAVERN.things, lights.tint, events);
  const surfaces = new Surfaces(scene, tavern.materials, TAVERN.surfaces, events);
  const shown = {
    portraits: () => portraits,
    guests: () => company!.present,
    things: () => things.present,
    surfaces: () => surfaces.present,
  };
  onPicked(
    scene,
    portraits,
    () => [...shown.guests(), ...shown.things()],
    (sitter) => card.open(sitter),
  );
  exposeForConsole(scene, shown);
  const use = useNewest(useGenerator);
  const useModel = (files: Record<string, Uint8Array>) => use(AssetGenerator.LoadAsync(files, scene), TRAINED_HERE);
  const useShipped = () => use(AssetGenerator.LoadAsync(TAVERN.model, scene), 'portraits');
  offerTraining({ useModel, useShipped }, fail);
  refuseDrops(() => document.querySelector('#training[open]') !== null);
  await working(fillRoom(scene, gallery, company, things, surfaces));
  offerWeathering(surfaces.present, fail);
}

/** A part of the room that has a model of its own. */
interface Part {
  paintAllAsync(artist: Artist): Promise<void>;
}

/** Loads one model after another, the portraits' first. Where workers paint, each of the later models has one. */
async function fillRoom(scene: Scene, onWall: Part, onFloor: Company, onTables: Part, below: Part): Promise<void> {
  const painter = await bring(onWall, 'portraits', TAVERN.model, scene);
  // The same model once more, since a model trained here may take the place of that on the wall.
  const faces = painter && new Artist(await AssetGenerator.LoadAsync(TAVERN.model, scene), painter.name);
  await bring(
    { paintAllAsync: (artist) => onFloor.paintAllAsync(artist, faces) },
    'characters',
    TAVERN.guests.model,
    scene,
    1,
  );
  await bring(onTables, 'items', TAVERN.things.model, scene, 1);
  await bring(below, 'materials', TAVERN.surfaces.model, scene, 1);
}

/**
 * Loads a model and paints its part of the room, which stays empty when the model is missing or broken.
 *
 * @returns who painted; null where nobody could
 */
async function bring(
  part: Part,
  name: string,
  address: string,
  scene: Scene,
  numWorkers?: number,
): Promise<Artist | null> {
  try {
    await whenSeen();
    const generator = await AssetGenerator.LoadAsync(address, scene, {
      ...(numWorkers && { numWorkers }),
      onProgress: (loadedBytes, totalBytes) => progress.loading(name, loadedBytes, totalBytes),
    });
    const artist = artistOf(generator, name);
    if (isTaken(part)) return artist;
    if (part === gallery) {
      reached('painter');
      controls.offerPipelines(generator.info.pipelines);
    }
    const counting = generator.onQueueChangedObservable.add((numLeft) => progress.painting(name, numLeft));
    await part.paintAllAsync(artist);
    counting.remove();
    return artist;
  } catch (error) {
    if (isTaken(part)) return null;
    if (part === gallery) {
      drawing.endRests();
      gallery.giveUp();
    }
    missing.set(name, messageOf(error));
    return null;
  }
}

/** Whether a model that was trained here has begun to paint the portraits, before the shipped one was there. */
function isTaken(part: Part): boolean {
  return part === gallery && gallery.hasArtist;
}

/** Resolves when the page can be seen: what nobody looks at yet is not fetched. */
async function whenSeen(): Promise<void> {
  while (document.visibilityState !== 'visible') {
    await new Promise((resolve) => document.addEventListener('visibilitychange', resolve, { once: true }));
  }
}

/**
 * Paints all portraits by this model from now on, and disposes the model before it. Guests and things keep their models.
 *
 * @param name the name of the model in copied recipes
 */
async function useGenerator(generator: AssetGenerator, name: string): Promise<void> {
  if (!gallery) throw new Error('useGenerator: the tavern is not open yet; wait until the room shows');
  card.close();
  controls.offerPipelines(generator.info.pipelines);
  missing.delete('portraits');
  await working(gallery.paintAllAsync(artistOf(generator, name)));
}

function artistOf(generator: AssetGenerator, name: string): Artist {
  measures.watch(generator);
  return new Artist(generator, name);
}

/** Shows that the page is painting; it is ready when all such work has ended. */
async function working(work: Promise<void>): Promise<void> {
  numWorking++;
  state('painting');
  try {
    await work;
  } finally {
    if (--numWorking === 0) {
      progress.end(missingSentence() ?? 'Everybody is here. Click on a face, a guest or a thing.');
      state('ready');
    }
  }
}

/** What could not be loaded, what to do, and why; null where all is there. The line may have no room for the reason, which is last. */
function missingSentence(): string | null {
  const [why] = missing.values();
  if (why === undefined) return null;
  const what = new Intl.ListFormat('en').format(missing.keys());
  return `There are no ${what} here. Reload the page to try again. ${why}`;
}

/** Notes when the visit came this far, for `npm run bench:tavern` and the browser's profiler. */
function reached(name: Milestone): void {
  performance.mark(name);
}

type Milestone = 'engine' | 'room' | 'painter' | 'first face' | 'faces' | 'ready';

function state(name: 'painting' | 'ready' | 'failed'): void {
  document.body.dataset.state = name;
  if (name !== 'ready') return;
  reached('ready');
  void keepForNextVisit();
}

function fail(error: unknown): void {
  const message = messageOf(error);
  progress.end(message);
  if (document.body.dataset.state !== 'loading') return;
  state('failed');
  const panel = element('#failure');
  element('p', panel).textContent = message;
  panel.hidden = false;
}

interface Everything {
  portraits: () => readonly Sitter[];
  guests: () => readonly Guest[];
  things: () => readonly Sitter[];
  surfaces: () => readonly Sitter[];
}

/** For the browser's console: `page.portraits()`. */
function exposeForConsole(scene: Scene, { portraits, guests, things, surfaces }: Everything): void {
  const page = {
    portraits: () => portraits().map(summary),
    guests: () =>
      guests().map((guest) => ({ ...summary(guest), state: guest.state, face: guest.face && summary(guest.face) })),
    things: () => things().map(summary),
    surfaces: () => surfaces().map(summary),
    lights: () => scene.lights.map((light) => ({ name: light.name, position: light.getAbsolutePosition().asArray() })),
    counts: () => countsOf(scene),
  };
  Object.assign(globalThis, { page });
}

function summary({ name, place, recipe }: Sitter) {
  return { name, place, ...recipe, ...encodeEdit(recipe) };
}

/** Counts that must not grow with time. */
function countsOf({ textures, meshes, spriteManagers = [] }: Scene) {
  const numSprites = spriteManagers.reduce((sum, { sprites }) => sum + sprites.length, 0);
  return { textures: textures.length, meshes: meshes.length, managers: spriteManagers.length, sprites: numSprites };
}

start().catch(fail);
