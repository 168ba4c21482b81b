// The guidance lab: one picture, its settings, and what other settings would make of it.
import { NullEngine } from '@babylonjs/core/Engines/nullEngine.js';
import { Scene } from '@babylonjs/core/scene.js';
import { AssetGenerator, CreateEngineAsync } from '../../plugin/index.ts';
import { messageOf, quote } from '../../runtime/index.ts';
import { keepForNextVisit } from '../shared/keepForNextVisit.ts';
import { element, loadingSentence } from '../shared/page.ts';
import './lab.css';
import { Workbench } from './workbench.ts';

type State = 'loading' | 'painting' | 'filling' | 'ready' | 'failed';

/** Generation may take most of a frame: only the page's own controls are drawn beside it. */
const FRAME_BUDGET_MS = 10;

function setState(state: State): void {
  document.body.dataset.state = state;
  if (state === 'ready') void keepForNextVisit();
}

let workbench: Workbench | null = null;

/** For the browser's console: `page.recipe()`. */
Object.assign(globalThis, { page: { recipe: () => workbench?.recipe ?? null } });

async function start(): Promise<void> {
  const folder = modelFolder();
  markModel(folder);
  const generator = await AssetGenerator.LoadAsync(folder, await createScene(), {
    frameBudgetMs: FRAME_BUDGET_MS,
    onProgress: showProgress,
  });
  workbench = new Workbench(generator, setState);
}

/** One of the models beside the page that the address names, as `lab.html?model=materials`; otherwise the page's own. */
function modelFolder(): string {
  const named = new URLSearchParams(location.search).get('model');
  if (!named) return document.body.dataset.model!;
  if (/^[\w-]+$/.test(named)) return `models/${named}/`;
  throw new RangeError(
    `The address asks for the model ${quote(named)}: expected letters, digits, _ and -, such as materials.`,
  );
}

/** Shows which of the models in the header the page has. */
function markModel(folder: string): void {
  for (const link of document.querySelectorAll<HTMLAnchorElement>('nav[aria-label=Models] a')) {
    if (`models/${new URL(link.href).searchParams.get('model')}/` === folder) link.ariaCurrent = 'page';
  }
}

/** An empty scene. Its GPU computes the pictures where there is one; otherwise workers do. */
async function createScene(): Promise<Scene> {
  const engine = await CreateEngineAsync(document.createElement('canvas')).catch(() => new NullEngine());
  return new Scene(engine);
}

function showProgress(loadedBytes: number, totalBytes: number | undefined): void {
  element('.wait span').textContent = loadingSentence('model', loadedBytes, totalBytes);
  if (totalBytes) element<HTMLProgressElement>('.wait progress').value = loadedBytes / totalBytes;
}

function fail(error: unknown): void {
  setState('failed');
  const panel = element('#failure');
  element('.reason', panel).textContent = messageOf(error);
  element('button', panel).addEventListener('click', () => location.reload());
  panel.hidden = false;
}

start().catch(fail);
