// The tavern: a room at once, then a model, then everybody's picture.
import type { AbstractEngine } from '@babylonjs/core/Engines/abstractEngine.js';
import { AssetGenerator, CreateEngineAsync } from '../plugin/index.ts';
import { Company } from './people/company.ts';
import { onPicked } from './picking.ts';
import { adapterOf, chooseQuality, type Quality } from './quality.ts';
import './style.css';
import { openTavern } from './tavern.ts';
import { TAVERN } from './tavernFile.ts';
import { offerTraining } from './trainingCorner.ts';
import { Card } from './ui/card.ts';
import { Controls } from './ui/controls.ts';
import { element } from './ui/element.ts';
import { Measures } from './ui/measures.ts';
import { PeopleList } from './ui/peopleList.ts';
import { ProgressLine } from './ui/progress.ts';

const progress = new ProgressLine();
const card = new Card();
const people = new PeopleList((sitter) => card.open(sitter));
let company: Company | null = null;
let measures: Measures;
const controls = new Controls(location.search, (areArriving) => {
  if (company) company.areArriving = areArriving;
});

async function start(): Promise<void> {
  const engine = await CreateEngineAsync(element<HTMLCanvasElement>('#canvas'));
  const quality = chooseQuality(engine, location.search, controls.settings.quality);
  fitWindow(engine, quality);
  const tavern = await openTavern(engine, TAVERN, quality);
  engine.runRenderLoop(() => tavern.scene.render());
  measures = new Measures(engine, adapterOf(engine));
  company = new Company(tavern, TAVERN, {
    onCome: (sitter) => people.add(sitter),
    onGone: (sitter) => people.remove(sitter),
    onStep: (sitter, step) => measures.step(sitter, step),
    onPortraits: (numDone, numAll) => progress.painting(numDone, numAll),
  });
  company.areArriving = controls.areArriving;
  onPicked(tavern.scene, company.portraits, company.guests, (sitter) => card.open(sitter));
  exposeForConsole(company);
  const generator = await AssetGenerator.LoadAsync(TAVERN.model, tavern.scene, {
    onProgress: (loadedBytes, totalBytes) => progress.loading(loadedBytes, totalBytes),
  });
  const useModel = async (files: Record<string, Uint8Array>) =>
    useGenerator(await AssetGenerator.LoadAsync(files, tavern.scene), 'trained here');
  const useShipped = async () => useGenerator(await AssetGenerator.LoadAsync(TAVERN.model, tavern.scene), 'portraits');
  offerTraining({ useModel, useShipped }, fail);
  await useGenerator(generator, 'portraits');
}

/**
 * Has everybody painted by this model, from now on; the model before is disposed.
 *
 * @param name of the model, in the recipes that are copied
 */
export async function useGenerator(generator: AssetGenerator, name: string): Promise<void> {
  if (!company) throw new Error('useGenerator: the tavern is not open yet; wait until the room shows');
  card.close();
  state('painting');
  measures.backend(generator.backend.backend, generator.backend.reason);
  generator.onQueueChangedObservable.add((length) => measures.queue(length));
  measures.queue(generator.queueLength);
  const { keeping, painted } = company.useGenerator(generator);
  card.use({ name, sizePx: generator.sizePx, keeping });
  await painted;
  if (generator.isDisposed) return; // another model took its place
  progress.end('Everybody is here. Click on a face.');
  state('ready');
}

/** For the browser's console: `page.portraits()`. */
function exposeForConsole({ portraits, guests, counts }: Company): void {
  const page = {
    portraits: () => portraits.map(({ name, recipe }) => ({ name, ...recipe })),
    guests: () => guests().map(({ name, place, state: doing, recipe }) => ({ name, place, state: doing, ...recipe })),
    counts,
  };
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
