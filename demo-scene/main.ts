// The tavern: a room at once, then a model, then everybody's picture.
import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import { AssetGenerator, CreateEngineAsync } from '../plugin/index.ts';
import { createCloak } from './people/cloaks.ts';
import { Guest } from './people/guest.ts';
import type { Portrait } from './people/portrait.ts';
import { onPicked } from './picking.ts';
import { adapterOf, chooseQuality, type Quality } from './quality.ts';
import './style.css';
import { openTavern, type Tavern } from './tavern.ts';
import { TAVERN } from './tavernFile.ts';
import { Card } from './ui/card.ts';
import { element } from './ui/element.ts';
import { Measures } from './ui/measures.ts';
import { PeopleList } from './ui/peopleList.ts';
import { ProgressLine } from './ui/progress.ts';

const progress = new ProgressLine();
const card = new Card('portraits');
const people = new PeopleList((sitter) => card.open(sitter));

async function start(): Promise<void> {
  const engine = await CreateEngineAsync(element<HTMLCanvasElement>('#canvas'));
  const quality = chooseQuality(engine, location.search);
  fitWindow(engine, quality);
  const tavern = await openTavern(engine, TAVERN, quality);
  engine.runRenderLoop(() => tavern.scene.render());
  exposeForConsole(tavern);
  const measures = new Measures(engine, adapterOf(engine));
  await invite(tavern, measures);
}

/** Loads the model and lets it paint the portraits, then the guests. */
async function invite({ scene, materials, portraits }: Tavern, measures: Measures): Promise<void> {
  const guests: Guest[] = [];
  for (const portrait of portraits) people.add(portrait);
  onPicked(scene, portraits, guests, (sitter) => card.open(sitter));
  const generator = await AssetGenerator.LoadAsync(TAVERN.model, scene, {
    onProgress: (loadedBytes, totalBytes) => progress.loading(loadedBytes, totalBytes),
  });
  measures.backend(generator.backend.backend, generator.backend.reason);
  generator.onQueueChangedObservable.add((length) => measures.queue(length));
  state('painting');
  const { labels, seed, guidanceScale, seats } = TAVERN.guests;
  const sitting = paintPortraits(portraits, generator, measures);
  const sheet = await generator.generateSpritesAsync({ labels, seed, guidanceScale, priority: -1 });
  await sitting;
  for (const [i, seat] of seats.entries()) {
    createCloak(scene, materials, i, seat);
    const guest = new Guest(generator, sheet, i, seat);
    guests.push(guest);
    people.add(guest);
  }
  progress.end('Everybody is here. Click on a face.');
  state('ready');
}

async function paintPortraits(
  portraits: readonly Portrait[],
  generator: AssetGenerator,
  measures: Measures,
): Promise<void> {
  const numAll = portraits.length;
  let numDone = 0;
  progress.painting(0, numAll);
  const painting = portraits.map(async (portrait) => {
    portrait.onProgressObservable.add((step) => measures.step(portrait, step));
    await portrait.paintAsync(generator);
    numDone++;
    progress.painting(numDone, numAll);
  });
  await Promise.all(painting);
}

/** For the browser's console: `page.portraits()`. */
function exposeForConsole({ portraits }: Tavern): void {
  const page = { portraits: () => portraits.map(({ name, recipe }) => ({ name, ...recipe })) };
  Object.assign(globalThis, { page });
}

function fitWindow(engine: AbstractEngine, { maxPixelRatio }: Quality): void {
  const resize = () => {
    engine.setHardwareScalingLevel(1 / Math.min(devicePixelRatio, maxPixelRatio));
    engine.resize();
  };
  resize();
  addEventListener('resize', resize);
}

function state(name: 'painting' | 'ready' | 'failed'): void {
  document.body.dataset.state = name;
}

function fail(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  progress.end(message);
  if (document.body.dataset.state !== 'loading') return;
  state('failed');
  const panel = element('#failure');
  element('p', panel).textContent = message;
  panel.hidden = false;
}

start().catch(fail);
