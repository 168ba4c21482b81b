// The guidance lab: one picture, its settings, and what others would make of it.
import { NullEngine } from '@babylonjs/core/Engines/nullEngine.js';
import { Scene } from '@babylonjs/core/scene.js';
import { AssetGenerator } from '../../plugin/index.ts';
import { element } from '../ui/element.ts';
import './lab.css';
import { Workbench } from './workbench.ts';

type State = 'loading' | 'painting' | 'filling' | 'ready' | 'failed';

const MEGABYTE = 1e6;

function setState(state: State): void {
  document.body.dataset.state = state;
}

let workbench: Workbench | null = null;

/** For the browser's console: `page.recipe()`. */
Object.assign(globalThis, { page: { recipe: () => workbench?.recipe ?? null } });

async function start(): Promise<void> {
  const scene = new Scene(new NullEngine()); // nothing here is drawn in three dimensions
  const generator = await AssetGenerator.LoadAsync(document.body.dataset.model!, scene, {
    compute: 'worker',
    onProgress: showProgress,
  });
  workbench = new Workbench(generator, setState);
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
