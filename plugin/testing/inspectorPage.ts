// A scene with Babylon's Inspector and the pane of Figment in it: a hero, a goblin as a sprite, and wall and floor with plain textures.
import { FreeCamera } from '@babylonjs/core/Cameras/freeCamera.js';
import { Engine } from '@babylonjs/core/Engines/engine.js';
import { StandardMaterial } from '@babylonjs/core/Materials/standardMaterial.js';
import { RawTexture } from '@babylonjs/core/Materials/Textures/rawTexture.js';
import { Vector3 } from '@babylonjs/core/Maths/math.vector.js';
import { CreatePlane } from '@babylonjs/core/Meshes/Builders/planeBuilder.js';
import { Scene } from '@babylonjs/core/scene.js';
import { SelectionServiceIdentity, ShowInspector } from '@babylonjs/inspector';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { AssetGenerator, type RecipeOptions } from '../index.ts';
import { type FigmentPaneOptions, figmentPane } from '../inspector/index.ts';

const ATTRIBUTES = { hair: ['red', 'grey'], age: { min: 0, max: 1 } };
const RECIPE = { seed: 7, numInferenceSteps: 2 };

type Subject = keyof Awaited<ReturnType<typeof createSubjects>>;

let generator: AssetGenerator;
let subjects: Awaited<ReturnType<typeof createSubjects>>;
let selection: { selectedEntity: unknown };

async function createSubjects(scene: Scene) {
  const hero = await generator.generateTextureAsync({ ...RECIPE, label: 'elf', name: 'hero' });
  const sprites = await generator.generateSpritesAsync({ recipes: [{ ...RECIPE, label: 'goblin' }] });
  const [wall, floor] = [createPlain('wall', scene), createPlain('floor', scene)];
  return { hero, goblin: sprites.createSprite('goblin'), wall, floor, boards: floor.diffuseTexture! };
}

/** A material with a texture that was not generated. */
function createPlain(name: string, scene: Scene): StandardMaterial {
  const material = new StandardMaterial(name, scene);
  material.diffuseTexture = RawTexture.CreateRGBATexture(new Uint8Array(4), 1, 1, scene);
  material.diffuseTexture.name = `plain ${name}`;
  return material;
}

/** Opens the Inspector with the elf of the portraits before it and selected, to be looked at. */
export async function openGallery(): Promise<void> {
  const canvas = document.querySelector('canvas')!;
  canvas.style.cssText = 'width: 100vw; height: 100vh';
  const engine = new Engine(canvas, true);
  const scene = new Scene(engine);
  new FreeCamera('camera', new Vector3(0, 0, -2.8), scene);
  generator = await AssetGenerator.LoadAsync('models/portraits/', scene);
  const material = await generator.generateMaterialAsync({ label: 'elf', seed: 7, name: 'elf' });
  material.unlit = true;
  CreatePlane('innkeeper', {}, scene).material = material;
  await openInspectorOf(scene, {});
  selection.selectedEntity = material;
  engine.runRenderLoop(() => scene.render());
}

/** Opens the Inspector. @param pick the address of `figment pick` */
export async function openInspector(pick: string): Promise<void> {
  const scene = new Scene(new Engine(document.querySelector('canvas')!, false));
  new FreeCamera('camera', new Vector3(0, 0, -1), scene);
  const options = { compute: 'worker', numWorkers: 1, storeBytes: 0 } as const;
  generator = await AssetGenerator.LoadAsync(await tinyModelFolder({ attributes: ATTRIBUTES }), scene, options);
  subjects = await createSubjects(scene);
  await openInspectorOf(scene, { pick });
}

/** Waits until something can be selected. */
async function openInspectorOf(scene: Scene, options: FigmentPaneOptions): Promise<void> {
  selection = await new Promise((resolve) => {
    const selecting = { friendlyName: 'selecting', consumes: [SelectionServiceIdentity], factory: resolve };
    ShowInspector(scene, {
      serviceDefinitions: [figmentPane(options), selecting],
      autoResizeEngine: false,
      disableTeachingMoments: true,
    });
  });
}

/** Selects something, as a click in the Scene Explorer does. */
export function select(name: Subject): void {
  selection.selectedEntity = subjects[name];
}

/** Presses a button, and selects something before what it begins can be done. */
export function pressAndSelect(words: string, name: Subject): void {
  Array.from(document.querySelectorAll('button'))
    .find(({ textContent }) => textContent === words)!
    .click();
  select(name);
}

export function recipeOf(name: 'hero' | 'goblin'): RecipeOptions {
  return name === 'hero' ? subjects.hero.serialize()!.recipe : (subjects.goblin.manager as Sprites).cells[0]!;
}

type Sprites = Awaited<ReturnType<AssetGenerator['generateSpritesAsync']>>;

/** Whether the pane shows the picture of a recipe, painted again by itself. */
export async function showsPictureOf(recipe: RecipeOptions): Promise<boolean> {
  const canvas = document.querySelector<HTMLCanvasElement>('canvas[role=img]')!;
  const shown = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height).data;
  const painted = await generator.generatePixelsAsync(recipe);
  // A canvas keeps colours times alpha in 8 bits, so that both are compared as it gives them back.
  const twin = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d')!;
  twin.putImageData(new ImageData(Uint8ClampedArray.from(painted), canvas.width, canvas.height), 0, 0);
  const expected = twin.getImageData(0, 0, canvas.width, canvas.height).data;
  return shown.length === expected.length && shown.every((value, i) => value === expected[i]);
}

/** The texture of the wall or the floor, as a scene file holds it. */
export function savedTextureOf(name: 'wall' | 'floor'): { customType?: string; recipe?: RecipeOptions } {
  return subjects[name].diffuseTexture!.serialize();
}

/** What is selected, where it is one of these; null where it is something else, such as what took a texture's place. */
export function selected(): Subject | null {
  const names = Object.keys(subjects) as Subject[];
  return names.find((name) => subjects[name] === selection.selectedEntity) ?? null;
}
