import type { AssetGenerator, ModelInfo } from '../../plugin/index.ts';
import { drawPixels } from '../shared/page.ts';
import { labRecipe, rangesOf, type Settings } from './settings.ts';

/** One picture of a strip: the settings with some of them changed. */
interface Variant {
  caption: string;
  changes: Partial<Settings>;
}

interface StripPlan {
  title: string;
  /** Always as many for one model. */
  variantsOf(settings: Settings, info: ModelInfo): Variant[];
}

const SCALES = [0, 1, 1.5, 2, 3, 5, 8];
const HATS = [-20, -10, 0, 10, 20, 40];
const STEPS = [2, 4, 8, 16, 32];
const NUM_SEEDS = 8;

/** The strips, in the order in which they are painted. */
export const STRIP_PLANS: readonly StripPlan[] = [
  {
    title: 'Guidance scale',
    variantsOf: () => SCALES.map((guidanceScale) => ({ caption: String(guidanceScale), changes: { guidanceScale } })),
  },
  {
    title: 'No hat ← 0 → hat, by a classifier',
    variantsOf: () => HATS.map((hat) => ({ caption: String(hat).replace('-', '−'), changes: { hat } })),
  },
  {
    title: 'Steps',
    variantsOf: (_, info) =>
      STEPS.filter((steps) => steps <= rangesOf(info).numInferenceSteps.max).map((numInferenceSteps) => ({
        caption: String(numInferenceSteps),
        changes: { numInferenceSteps },
      })),
  },
  {
    title: 'Seeds',
    variantsOf: ({ seed }) => seedsAround(seed).map((other) => ({ caption: String(other), changes: { seed: other } })),
  },
];

/** The eight that begin at a multiple of eight: to choose one of them changes none. */
function seedsAround(seed: number): number[] {
  const first = seed - (seed % NUM_SEEDS);
  return Array.from({ length: NUM_SEEDS }, (_, i) => first + i);
}

/** One picture of a strip, and the recipe that it shows or is to show. */
interface Cell {
  button: HTMLButtonElement;
  canvas: HTMLCanvasElement;
  caption: HTMLElement;
  variant: Variant;
  /** Of the picture on the canvas; '' when there is none. */
  shown: string;
}

/** A row of small pictures that differ in one setting; a click on one takes its setting over. */
export class Strip {
  private readonly cells: Cell[];

  /** @param priority of its pictures; lower than that of what should come first */
  constructor(
    container: Element,
    private readonly plan: StripPlan,
    private readonly generator: AssetGenerator,
    private readonly priority: number,
    private readonly onChosen: (changes: Partial<Settings>) => void,
    settings: Settings,
  ) {
    const row = document.createElement('div');
    row.className = 'strip';
    const heading = document.createElement('h2');
    heading.textContent = plan.title;
    const list = document.createElement('div');
    list.className = 'cells';
    list.setAttribute('role', 'group');
    list.setAttribute('aria-label', plan.title);
    this.cells = plan.variantsOf(settings, generator.info).map((variant) => this.createCell(variant));
    list.append(...this.cells.map(({ button }) => button));
    row.append(heading, list);
    container.append(row);
  }

  /** Marks what is out of date, and the cell that is the present setting. */
  show(settings: Settings): void {
    const variants = this.plan.variantsOf(settings, this.generator.info);
    const present = this.keyOf(settings);
    for (const [i, cell] of this.cells.entries()) {
      cell.variant = variants[i]!;
      cell.caption.textContent = cell.variant.caption;
      const key = this.keyOf({ ...settings, ...cell.variant.changes });
      cell.button.toggleAttribute('data-stale', cell.shown !== key);
      cell.button.setAttribute('aria-pressed', String(key === present));
    }
  }

  /** Paints what is out of date, from left to right. @throws the signal's reason */
  async fillAsync(settings: Settings, signal: AbortSignal): Promise<void> {
    await Promise.all(this.cells.map((cell) => this.fillCell(cell, settings, signal)));
  }

  private async fillCell(cell: Cell, settings: Settings, signal: AbortSignal): Promise<void> {
    const own = { ...settings, ...cell.variant.changes };
    const key = this.keyOf(own);
    if (cell.shown === key) return;
    const recipe = labRecipe(own, this.generator.info);
    const pixels = await this.generator.generatePixelsAsync({ ...recipe, priority: this.priority, signal });
    signal.throwIfAborted();
    drawPixels(cell.canvas, pixels);
    cell.shown = key;
    cell.button.removeAttribute('data-stale');
  }

  private createCell(variant: Variant): Cell {
    const button = document.createElement('button');
    const canvas = document.createElement('canvas');
    const caption = document.createElement('span');
    button.type = 'button';
    [canvas.width, canvas.height] = this.generator.sizePx;
    button.title = `Take over: ${this.plan.title.toLowerCase()}`;
    button.append(canvas, caption);
    const cell = { button, canvas, caption, variant, shown: '' };
    button.addEventListener('click', () => this.onChosen(cell.variant.changes));
    return cell;
  }

  private keyOf(settings: Settings): string {
    return JSON.stringify(labRecipe(settings, this.generator.info));
  }
}
