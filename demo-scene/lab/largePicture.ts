import type { AssetGenerator, ModelInfo } from '../../plugin/index.ts';
import { blankPicture, framesInRows } from '../shared/frames.ts';
import { labelWords } from '../shared/labelWords.ts';
import { drawStill, element } from '../shared/page.ts';
import { describeSteps, type LabRecipe, labRecipe, type Settings } from './settings.ts';

/** The large picture is painted before everything else. */
const PRIORITY = 10;

/** The large picture at the top of the lab. */
export class LargePicture {
  private readonly root = element('#picture');
  readonly canvas = element<HTMLCanvasElement>('canvas', this.root);
  /** The recipe of the picture that is shown, which may be older than the settings; null before the first. */
  shown: LabRecipe | null = null;

  /** @param onPainted called with the recipe of a picture and the time that it took, unless it came from memory */
  constructor(
    private readonly generator: AssetGenerator,
    private readonly onPainted: (recipe: LabRecipe, durationMs: number) => void,
  ) {
    drawStill(this.canvas, framesInRows(blankPicture(generator.info), generator.info));
    this.root.dataset.look = generator.info.pixelArt ? 'pixels' : 'smooth';
  }

  /** Paints and shows the picture of these settings. @throws the signal's reason when aborted */
  async paintAsync(settings: Settings, signal: AbortSignal): Promise<void> {
    const { generator } = this;
    let queuedMs = 0; // stays 0 when the picture comes from memory
    const observer = generator.onQueueChangedObservable.add(() => {
      queuedMs ||= performance.now();
    });
    this.root.setAttribute('aria-busy', 'true');
    try {
      const recipe = labRecipe(settings, generator.info);
      const pixels = await generator.generatePixelsAsync({ ...recipe, priority: PRIORITY, signal });
      signal.throwIfAborted();
      drawStill(this.canvas, framesInRows(pixels, generator.info));
      this.shown = recipe;
      this.canvas.setAttribute('aria-label', describePicture(recipe, generator.info));
      if (queuedMs > 0) this.onPainted(recipe, performance.now() - queuedMs);
    } finally {
      generator.onQueueChangedObservable.remove(observer);
      if (!signal.aborted) this.root.removeAttribute('aria-busy');
    }
  }
}

/** What the picture shows and how it is made, for those who do not see it. */
export function describePicture(recipe: LabRecipe, info: ModelInfo): string {
  const { label, seed, guidanceScale } = recipe;
  return `Picture: ${labelWords(label)}, seed ${seed}, guidance ${guidanceScale}, ${describeSteps(recipe, info)}`;
}
