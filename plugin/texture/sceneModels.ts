// The models that a scene has loaded, each once: generators, scene files and loading tasks share them.

import type { BaseTexture } from '@babylonjs/core/Materials/Textures/baseTexture.js';
import type { Scene } from '@babylonjs/core/scene.js';
import { definedOf, quote, type RecipeOptions } from '../../runtime/index.ts';
import { abortError } from '../abortError.ts';
import { addressOf, isPackage, type ModelLocation, type ModelPackage } from '../loading/loadModelBytes.ts';
import { type Asker, type Lease, SharedLoad } from '../loading/sharedLoad.ts';
import { PictureSource } from '../pictureSource.ts';
import type { PictureSourceOptions } from '../pictureSourceOptions.ts';
import { warnOnce } from '../warnOnce.ts';

/** A model that somebody uses. It is freed once all who took it have released it. */
export type SourceLease = Lease<PictureSource>;

/** A model that is being loaded, or is loaded, and those who use it. */
class SharedSource extends SharedLoad<PictureSource> {
  /** @param given the address, or null: then the model has its name for one, once it is loaded */
  constructor(
    private readonly given: string | null,
    readonly settings: string,
    load: (asker: Required<Asker>) => Promise<PictureSource>,
  ) {
    super(load, (source) => {
      source.dispose();
      usableIn(source.scene); // the scene forgets it
    });
  }

  get address(): string | null {
    return this.given ?? (this.loaded && keyOf(this.loaded.name));
  }

  override get isUsable(): boolean {
    return super.isUsable && !this.loaded?.isDisposed;
  }
}

/** The settings of a model of files, which no generator shares: options never look like this. */
const FILES = 'files';

const ofScenes = new WeakMap<Scene, SharedSource[]>();
const packages = new Map<string, ModelPackage>();
let usualOptions: PictureSourceOptions = {};

/** How the models are loaded that scene files and loading tasks name. */
export interface SceneFileOptions extends Omit<PictureSourceOptions, 'signal' | 'onProgress'> {
  /** The packages of models that scene files may name, besides those of earlier calls. Other models have addresses. */
  models?: readonly ModelPackage[];
}

/** Sets how the models are loaded that scene files and loading tasks name. */
export function useForSceneFiles(options: SceneFileOptions | undefined): void {
  if (!options) return;
  const { models = [], ...given } = options;
  const { signal: _signal, onProgress: _progress, ...others }: PictureSourceOptions = given; // one signal would end all later scenes
  for (const model of models) packages.set(model.name, model);
  usualOptions = { ...usualOptions, ...others };
}

/**
 * Loads a model for a scene, or shares the one that was loaded from the same address with the same options.
 *
 * @throws as `PictureSource.LoadAsync`; TypeError where no scene is given
 */
export async function takeSource(
  location: ModelLocation,
  scene: Scene,
  options: PictureSourceOptions = {},
): Promise<SourceLease> {
  if (typeof scene?.getEngine !== 'function') {
    throw new TypeError('AssetGenerator: there is no scene; expected LoadAsync(model, scene, options)');
  }
  const { signal, onProgress, timeoutMs, numRetries, ...own } = options;
  const kind = isPackage(location) ? 'package' : 'folder'; // the name of a package may be that of a folder beside the page, too
  const settings = JSON.stringify([kind, Object.entries(definedOf(own)).sort()]);
  const address = keyOf(addressOf(location));
  if (isPackage(location)) packages.set(location.name, location); // textures know it by its name alone
  const known = usableIn(scene).find((shared) => shared.address === address && shared.settings === settings);
  return (known ?? share(location, scene, options, settings)).takeAsync({ signal, onProgress });
}

/**
 * The model of a texture that has only its address: one that the scene has loaded, else it is loaded, from the package of
 * that name where there is one. An address that is no whole one counts from the scene file's folder. The model stays as long as the texture does.
 *
 * @param rootUrl that folder; absent where no scene file names the model
 * @param recipes those of the scene file, which may name classifiers
 * @throws        RangeError where a scene file from elsewhere names a model or a classifier on the disk
 */
export async function sourceFor(
  texture: BaseTexture,
  address: string,
  rootUrl?: string,
  recipes: readonly (RecipeOptions | null)[] = [],
): Promise<PictureSource> {
  const scene = texture.getScene()!;
  for (const recipe of recipes) assertMayBeRead('classifier', recipe?.classifier, rootUrl);
  const lease = await takeByAddress(scene, address, rootUrl);
  if (texture.getScene()) texture.onDisposeObservable.addOnce(lease.release);
  else lease.release();
  return lease.loaded;
}

/** The same as `sourceFor`, of any location, as a lease that the caller releases. */
export function takeByAddress(
  scene: Scene,
  location: ModelLocation,
  rootUrl?: string,
  signal?: AbortSignal,
): Promise<SourceLease> {
  const options = { ...usualOptions, ...(signal && { signal }) };
  const saved = addressOf(location);
  if (saved === null) return takeSource(location, scene, options);
  const [, address = saved, hash] = /^(.*)#([\da-f]{8})$/s.exec(saved) ?? [];
  const whole = /^([a-z][a-z\d+.-]*:|\/)/i.test(address) ? address : (rootUrl ?? '') + address;
  noteMeaning(scene, address, whole);
  const known = newestOf(scene, address, hash) ?? newestOf(scene, whole, hash);
  const place = typeof location === 'string' ? (packages.get(address) ?? whole) : location;
  if (known) return known.takeAsync({ signal });
  if (place === whole) assertMayBeRead('model', whole, rootUrl);
  return takeSource(place, scene, options);
}

/**
 * The addresses of models as the files of a scene name them, each with the whole addresses that it stood for. It stood for several where
 * files of different folders name their models alike.
 */
const meanings = new WeakMap<Scene, Map<string, Set<string>>>();

function noteMeaning(scene: Scene, address: string, whole: string): void {
  const known = meanings.get(scene) ?? new Map<string, Set<string>>();
  meanings.set(scene, known.set(address, (known.get(address) ?? new Set()).add(whole)));
}

/** A scene file may come from anywhere, and has Node read the disk only where it is from there itself. */
function assertMayBeRead(kind: 'model' | 'classifier', address: unknown, rootUrl?: string): void {
  if (rootUrl === undefined || rootUrl.startsWith('file:')) return;
  if (typeof address !== 'string' || !address.startsWith('file:')) return;
  const remedy = `load this ${kind} before the scene file, or the scene file from a file: address, too`;
  throw new RangeError(
    `scene file: its ${kind} ${quote(address)} is on the disk, which no scene file from elsewhere reads; ${remedy}`,
  );
}

/**
 * The source itself, while it is not disposed. Then another one that the scene has loaded from the same address, and where there is none
 * the disposed one again, whose errors say what is wrong.
 */
export function orAnother(source: PictureSource): PictureSource {
  if (!source.isDisposed) return source;
  const { scene, name, info } = source;
  return newestOf(scene, name, info.hash.slice(0, 8))?.loaded ?? source;
}

/** The newest of a scene's models that has a name, and this hash where one of them has it; a doubtful choice is warned of. */
function newestOf(scene: Scene, address: string, hash?: string): SharedSource | undefined {
  const named = namedIn(scene, address);
  const own = named.filter(({ loaded }) => hash && loaded?.info.hash.startsWith(hash));
  const isDoubtful = hash ? named.length > 0 && own.length === 0 : hashesOf(named).size > 1;
  if (isDoubtful) {
    const problem = `a saved texture names the model ${quote(hash ? `${address}#${hash}` : address)}, and what the scene has by that name may be another`;
    warnOnce(`scene file: ${problem}; the newest paints it: load the right one alone, or models from addresses`);
  }
  return own.at(-1) ?? named.at(-1);
}

function namedIn(scene: Scene, address: string): SharedSource[] {
  return usableIn(scene).filter((shared) => shared.address === keyOf(address));
}

function hashesOf(models: readonly SharedSource[]): Set<string> {
  return new Set(models.flatMap(({ loaded }) => loaded?.info.hash ?? []));
}

/**
 * The address of a model as a scene file holds it: with the beginning of its hash where the scene has another model of that name,
 * as two have that were loaded from files; and the whole address where two scene files from different folders have named their models
 * alike.
 */
export function addressToSave(address: string, source: PictureSource | null): string {
  if (!source) return address;
  const { name, scene, info } = source;
  const plain = address.replace(/#.*/s, '');
  const numMeanings = meanings.get(scene)?.get(plain)?.size ?? 0;
  if (plain !== name && numMeanings > 1) return keyOf(name);
  const isAlone = [...hashesOf(namedIn(scene, name))].every((hash) => hash === info.hash);
  return isAlone ? address : `${plain}#${info.hash.slice(0, 8)}`;
}

/** What a scene has loaded, in the order in which it was asked for. */
export function sourcesIn(scene: Scene): PictureSource[] {
  return usableIn(scene).flatMap(({ loaded }) => loaded ?? []);
}

function usableIn(scene: Scene): SharedSource[] {
  const usable = (ofScenes.get(scene) ?? []).filter(({ isUsable }) => isUsable);
  ofScenes.set(scene, usable);
  return usable;
}

function share(location: ModelLocation, scene: Scene, options: PictureSourceOptions, settings: string): SharedSource {
  const address = keyOf(addressOf(location));
  const kind = address === null ? FILES : settings;
  const shared = new SharedSource(address, kind, (asker) => {
    return whileSceneLives(scene, (end) => {
      const signal = AbortSignal.any([asker.signal, end]);
      return PictureSource.LoadAsync(location, scene, { ...options, ...asker, signal });
    });
  });
  ofScenes.get(scene)!.push(shared);
  return shared;
}

/** Loads something, and gives it up when the scene is disposed. */
async function whileSceneLives<T>(scene: Scene, load: (end: AbortSignal) => Promise<T>): Promise<T> {
  const end = new AbortController();
  const reason = 'AssetGenerator: the scene was disposed while the model was loading';
  const observer = scene.onDisposeObservable.add(() => end.abort(abortError(reason)));
  try {
    return await load(end.signal);
  } finally {
    scene.onDisposeObservable.remove(observer);
  }
}

/** What a folder's addresses have in common: the whole one where there is a page, without slashes at its end. */
function keyOf<Address extends string | null>(address: Address): Address {
  if (address === null) return address;
  const folder = address.replace(/^(.*[^/])?\/*$/s, '$1');
  const page = globalThis.document?.baseURI;
  return (URL.canParse(folder, page) ? new URL(folder, page).href : folder) as Address;
}
