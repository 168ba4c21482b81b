import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import {
  type Classifiers,
  createTeacher,
  type DiffusionModel,
  entryForTeacher,
  type GeneratedPicture,
  generateRecipes,
  loadClassifierFolder,
  loadModelFolder,
  type ModelFiles,
  type PixelImage,
} from '../../runtime/index.ts';
import { encodeApng } from '../node/apng.ts';
import { writeFileAtomic } from '../node/atomicWrite.ts';
import { letEventsIn } from '../node/interrupt.ts';
import { makeFolder } from '../node/makeFolder.ts';
import { buildClassifier, buildCvae, buildModel, classifierSource, modelSource } from '../node/openModel.ts';
import { encodePng } from '../node/png.ts';
import { orUsageError, UsageError } from '../node/usageError.ts';
import { animationOf } from './animation.ts';
import { bakedRecipe, type Look, type PictureFile, type PlannedPicture, RECIPE_KEYWORD, recipeOf } from './bakePlan.ts';
import { encodeKtx2 } from './encodeKtx2.ts';
import { layerImages } from './layers.ts';
import type { FileRecord } from './manifest.ts';
import { placeInside } from './outputPaths.ts';

/** What computes networks: TensorFlow.js, or ONNX Runtime for Node where that is installed. */
export type BakeEngine = 'tfjs' | 'onnx';

/** The model, its networks in ONNX Runtime. */
async function buildOnnxModel(files: ModelFiles): Promise<DiffusionModel> {
  const { openOnnxEngine } = await import('../node/onnx/onnxEngine.ts');
  const model = buildModel(files);
  const elsewhere = await openOnnxEngine(files).catch((error) => {
    model.dispose();
    throw error;
  });
  return {
    ...model,
    elsewhere,
    dispose() {
      model.dispose.call(this);
      elsewhere.dispose();
    },
  };
}

/** Pictures made at once: of one model, with one sampling. */
export interface PictureBatch {
  out: string;
  pictures: PlannedPicture[];
}

/** The files of a batch that are on disk now, and how long the model computed. */
export interface BakedBatch {
  files: [path: string, record: FileRecord][];
  durationMs: number;
}

export interface BakerOptions {
  signal?: AbortSignal;
  /** Share of the batch that is done. */
  onStep?: (share: number) => void;
}

/** Makes pictures and writes them, in this thread; holds one model, one VAE of a model and one classifier at a time. */
export class Baker {
  readonly #model = new Held(
    (name, signal) => loadModelFolder(modelSource(name), { acceptChanged: true, signal }),
    (files) => (this.engine === 'onnx' ? buildOnnxModel(files) : buildModel(files)),
  );
  readonly #cvae = new Held(
    (name, signal) => loadModelFolder(modelSource(name), { parts: ['cvae'], acceptChanged: true, signal }),
    buildCvae,
  );
  readonly #classifier = new Held(
    (name, signal) => loadClassifierFolder(classifierSource(name), { signal }),
    buildClassifier,
  );

  #teacher: { of: DiffusionModel; network: DiffusionModel } | null = null;

  /** @param engine what computes the networks of diffusion models; by default TensorFlow.js, on the current backend */
  constructor(private readonly engine: BakeEngine = 'tfjs') {}

  /** Makes the pictures of a batch without writing them, of the model's size. */
  async make(pictures: readonly PlannedPicture[], { signal, onStep }: BakerOptions = {}): Promise<GeneratedPicture[]> {
    const { look } = pictures[0]!;
    const recipes = pictures.map(recipeOf);
    const { pipeline } = look.recipe;
    const cvae = pipeline ? await this.#cvae.open(look.model, look.cvaeHash!, signal) : null;
    const model = pipeline === 'cvae' ? null : await this.#model.open(look.model, look.modelHash, signal);
    const teacher = model && (await this.#teacherOf(look, model, signal));
    const classifiers = await this.#classifiersOf(look, model, signal);
    return generateRecipes({ model, teacher, cvae, classifiers }, recipes, {
      signal,
      ...(this.engine === 'onnx' && { onSlice: letEventsIn }),
      onStep: async ({ step, numSteps }) => {
        onStep?.(step / numSteps);
        await letEventsIn();
      },
    });
  }

  /** The teacher of a distilled model, where a look's recipe needs it. Its files are those of the model's own hash. */
  async #teacherOf({ model: name, recipe }: Look, model: DiffusionModel, signal?: AbortSignal) {
    if (entryForTeacher(recipe, model.index.figment) === null) return null;
    if (this.#teacher?.of === model) return this.#teacher.network;
    this.#teacher?.network.dispose();
    this.#teacher = null;
    const files = await loadModelFolder(modelSource(name), { parts: ['teacher'], acceptChanged: true, signal });
    const network = orUsageError(() => createTeacher(model, files));
    this.#teacher = { of: model, network };
    return network;
  }

  /** The classifier that a look's recipe names, if any. @throws UsageError when it does not fit the model */
  async #classifiersOf(look: Look, model: DiffusionModel | null, signal?: AbortSignal): Promise<Classifiers> {
    if (!look.classifier || !model) return new Map();
    const classifier = await this.#classifier.open(look.classifier.place, look.classifier.hash, signal);
    orUsageError(() => classifier.checkFits(model));
    return new Map([[look.recipe.classifier!, classifier]]);
  }

  async bake({ out, pictures }: PictureBatch, options: BakerOptions = {}): Promise<BakedBatch> {
    const start = performance.now();
    const images = await this.make(pictures, options);
    const durationMs = performance.now() - start;
    const files: BakedBatch['files'] = [];
    for (const [i, picture] of pictures.entries()) files.push(...(await writePicture(out, picture, images[i]!)));
    return { files, durationMs };
  }

  dispose(): void {
    this.#teacher?.network.dispose();
    this.#teacher = null;
    this.#model.dispose();
    this.#cvae.dispose();
    this.#classifier.dispose();
  }
}

async function writePicture(
  out: string,
  picture: PlannedPicture,
  generated: GeneratedPicture,
): Promise<BakedBatch['files']> {
  const { look, label, files } = picture;
  const images = layerImages(generated, look, label, [...new Set(files.map(({ layer }) => layer))]);
  const text = { [RECIPE_KEYWORD]: JSON.stringify(bakedRecipe(picture)) };
  const written: BakedBatch['files'] = [];
  for (const file of files) {
    const bytes = await encode(images.get(file.layer)!, file, text, look);
    await writeOutput(out, file.path, bytes);
    written.push([file.path, { key: file.key, sha256: sha256(bytes) }]);
  }
  return written;
}

async function encode(
  image: PixelImage,
  { format, layer }: PictureFile,
  text: Record<string, string>,
  { frames }: Look,
): Promise<Uint8Array> {
  if (format === 'apng') return encodeApng({ ...animationOf(image, frames!), text });
  return format === 'ktx2' ? encodeKtx2(image, layer, text) : encodePng({ ...image, text });
}

/** Writes a file below the output folder, whole or not at all. */
export async function writeOutput(out: string, path: string, bytes: Uint8Array): Promise<void> {
  const place = await placeInside(out, path);
  await makeFolder(dirname(place));
  await writeFileAtomic(place, bytes);
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** One network on the backend at a time, the one that was asked for last. */
export class Held<Files extends { hash: string }, Network extends { hash: string; dispose(): void }> {
  #name = '';
  #network: Network | null = null;

  /** @param read reads the files of a name */
  constructor(
    private readonly read: (name: string, signal?: AbortSignal) => Promise<Files>,
    private readonly build: (files: Files) => Network | Promise<Network>,
  ) {}

  /** @throws UsageError when the files' hash is another */
  async open(name: string, hash: string, signal?: AbortSignal): Promise<Network> {
    if (this.#network && this.#name === name && this.#network.hash === hash) return this.#network;
    this.dispose();
    const files = await this.read(name, signal);
    if (files.hash !== hash) throw new UsageError(`bake: ${name} has changed meanwhile; bake again`);
    this.#name = name;
    const network = await this.build(files);
    this.#network = network;
    return network;
  }

  dispose(): void {
    this.#network?.dispose();
    this.#network = null;
  }
}
