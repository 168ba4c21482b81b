// The guidance lab: one picture, its settings, and what others would make of it.
import { NullEngine } from '@babylonjs/core/Engines/nullEngine.js';
import { Scene } from '@babylonjs/core/scene.js';
import { AssetGenerator, CreateEngineAsync } from '../../plugin/index.ts';
import { element } from '../shared/page.ts';
import './lab.css';
import { Workbench } from './workbench.ts';

type State = 'loading' | 'painting' | 'filling' | 'ready' | 'failed';

const MEGABYTE = 1e6;
/** Nothing but the page's own controls is to be drawn beside it. */
const FRAME_BUDGET_MS = 10;

function setState(state: State): void {
  document.body.dataset.state = state;
}

let workbench: Workbench | null = null;

/** For the browser's console: `page.recipe()`. */
Object.assign(globalThis, { page: { recipe: () => workbench?.recipe ?? null } });

async function start(): Promise<void> {
  const generator = await AssetGenerator.LoadAsync(document.body.dataset.model!, await createScene(), {
    frameBudgetMs: FRAME_BUDGET_MS,
    onProgress: showProgress,
  });
  workbench = new Workbench(generator, setState);
}

/** An empty scene, whose GPU computes the pictures if it is one; workers do where there is none. */
async function createScene(): Promise<Scene> {
  const engine = await CreateEngineAsync(document.createElement('canvas')).catch(() => new NullEngine());
  return new Scene(engine);
}

/** @param totalBytes unknown where the server does not tell */
function showProgress(loadedBytes: number, totalBytes: number | undefined): void {
  const megabytes = (bytes: number) => (bytes / MEGABYTE).toFixed(1);
  const all = totalBytes ? ` of ${megabytes(totalBytes)}` : '';
  element('.wait span').textContent = `Fetching the model: ${megabytes(loadedBytes)}${all} MB`;
  if (totalBytes) element<HTMLProgressElement>('.wait progress').value = loadedBytes / totalBytes;
}

function fail(error: unknown): void {
  setState('failed');
  const panel = element('#failure');
  element('.reason', panel).textContent = error instanceof Error ? error.message : String(error);
  element('button', panel).addEventListener('click', () => location.reload());
  panel.hidden = false;
}

start().catch(fail);
