import { Observable } from '@babylonjs/core/Misc/observable.js';
import type { Scene } from '@babylonjs/core/scene.js';
import {
  type GeneratedTexture,
  type GenerationProgress,
  type PipelineName,
  varyRecipe,
} from '../../../plugin/index.ts';
import { labelWords } from '../../shared/labelWords.ts';
import { placeOnWall } from '../room/mouldings.ts';
import type { PortraitPlan } from '../tavernFile.ts';
import { topRowFirst } from '../topRowFirst.ts';
import { PREVIEW_EVERY } from './cellSitter.ts';
import { createFrame, hideIn, NamePlate, type PictureFrame, showIn } from './frame.ts';
import type { RecipeChanges, SitterRecipe } from './keeping.ts';
import { lineOf, spoken } from './lines.ts';
import { nameOf, nameOfThing, remarkOn } from './names.ts';
import { type Artist, NO_PAINTER, type Sitter, TRAINED_HERE, wishedRecipe } from './sitter.ts';

/** A framed portrait on the wall: a generated texture that can be painted again. */
export class Portrait implements Sitter {
  readonly onChangedObservable = new Observable<Sitter>();
  readonly onProgressObservable = new Observable<GenerationProgress>();
  readonly frame: PictureFrame;
  isSpokenTo = false;
  artist: Artist | null = null;
  private readonly plate: NamePlate;
  private texture: GeneratedTexture | null = null;
  private pipeline: PipelineName = 'ddpm';
  /** The recipe that the picture goes back to while it shows a passing expression; null while it shows none. */
  private calm: SitterRecipe | null = null;
  /** Whether the newest painting is of a passing expression. */
  private isExpressing = false;
  /** False where no model will come to paint it. */
  private isAwaited = true;

  /** @param numLights how many lights its materials take into account */
  constructor(
    scene: Scene,
    readonly plan: PortraitPlan,
    readonly place: string,
    numLights: number,
  ) {
    const { position, size, canvas } = plan;
    this.frame = createFrame(scene, canvas, numLights);
    this.frame.root.position.set(...placeOnWall(position));
    const width = Math.min(1.1, 0.86 * size);
    this.plate = new NamePlate(scene, width, numLights);
    this.plate.mesh.parent = this.frame.root;
    this.plate.mesh.position.set(0, -size / 2 - 0.6 * (width / NamePlate.ASPECT) - 0.02, -0.02);
    this.engrave();
  }

  get name(): string {
    return this.isPerson ? nameOf(this.recipe) : nameOfThing(this.recipe);
  }

  get words(): string {
    return this.isPerson ? spoken(lineOf(this.recipe.seed)) : remarkOn(this.recipe.seed);
  }

  get recipe(): SitterRecipe {
    return this.calm ?? (this.texture?.recipe as SitterRecipe | undefined) ?? wishedRecipe(this.plan);
  }

  get isPainting(): boolean {
    return !this.isExpressing && (this.texture?.isGenerating ?? this.isAwaited);
  }

  private get isPerson(): boolean {
    return this.artist?.name !== TRAINED_HERE;
  }

  /** Stays blank, since there is no model to paint it. */
  giveUp(): void {
    this.isAwaited = false;
    this.changed();
  }

  /** Paints the first picture by this artist, and shows it while it is painted. */
  async paintAsync(artist: Artist, recipe: SitterRecipe, pipeline: PipelineName): Promise<void> {
    const { generator } = artist;
    this.artist = artist;
    this.pipeline = pipeline;
    hideIn(this.frame);
    this.texture?.dispose();
    this.calm = null;
    this.isExpressing = false;
    const { texture, finished } = generator.beginTexture({
      ...this.byPipeline(recipe, recipe),
      previewEvery: PREVIEW_EVERY,
    });
    this.texture = texture;
    this.engrave();
    const crop = generator.info.widthPx < 64 && this.isPerson ? 'bust' : 'whole';
    texture.onProgressObservable.add((progress) => {
      if (texture.isReady()) showIn(this.frame, texture, crop);
      this.onProgressObservable.notifyObservers(progress);
      this.changed();
    });
    texture.onGeneratedObservable.add(() => showIn(this.frame, texture, crop));
    await finished.catch((error) => {
      if (!texture.isGenerating) throw error; // otherwise the visitor has asked for another in the card
    });
    this.changed();
  }

  /** Paints the same recipe by another pipeline. An edited picture stays as it is, and a newer request takes precedence. */
  async paintByAsync(pipeline: PipelineName): Promise<void> {
    this.pipeline = pipeline;
    if (!this.texture || this.recipe.image) return;
    await this.changeAsync({}).catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    });
  }

  async pixelsAsync(): Promise<Uint8Array | null> {
    if (!this.texture?.isReady()) return null;
    const texels = (await this.texture.readPixels()) as Uint8Array;
    return topRowFirst(texels, this.texture.getSize().width);
  }

  async changeAsync(changes: RecipeChanges): Promise<void> {
    if (!this.texture) throw new Error(this.isAwaited ? 'The painter is still on the way.' : NO_PAINTER);
    const { attributes, sameAs } = this.recipe; // without the expression that it may show in passing
    this.isExpressing = false;
    const painting = this.texture.regenerateAsync(this.byPipeline({ attributes, sameAs, ...changes }), {
      previewEvery: PREVIEW_EVERY,
      priority: 1,
    });
    this.changed();
    try {
      await painting;
      this.calm = null;
    } finally {
      this.engrave();
      this.changed();
    }
  }

  async expressAsync(expression: string | null): Promise<void> {
    const { texture } = this;
    const calm = this.calm ?? this.recipe;
    if (!texture || (expression === null && !this.calm)) return;
    this.calm = calm;
    this.isExpressing = true;
    const { attributes, sameAs } = expression === null ? calm : varyRecipe(calm, { expression });
    await texture.regenerateAsync({ attributes, sameAs }, { priority: 1 });
    if (expression === null) this.calm = null;
    this.changed();
  }

  /**
   * A picture that begins from an image is always painted step by step. The pipeline cvae takes no guidance; when steps are
   * taken again, they have the guidance of the plan.
   */
  private byPipeline<Asked extends RecipeChanges>(
    asked: Asked,
    { guidanceScale = this.plan.guidanceScale } = this.recipe,
  ) {
    const pipeline = asked.image ? 'ddpm' : this.pipeline;
    const withoutSteps = pipeline === 'cvae' && { guidanceScale: undefined, sameAs: undefined };
    return { ...asked, guidanceScale, ...withoutSteps, pipeline };
  }

  private changed(): void {
    this.onChangedObservable.notifyObservers(this);
  }

  private engrave(): void {
    this.plate.engrave(this.name, labelWords(this.recipe.label));
  }
}
