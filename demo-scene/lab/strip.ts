import type { AssetGenerator } from '../../plugin/index.ts';
import { drawPixels } from '../shared/drawPixels.ts';
import { recipeOf, type Settings } from './settings.ts';
import type { StripPlan, Variant } from './stripPlans.ts';

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
    const recipe = recipeOf(own, this.generator.info);
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
    return JSON.stringify(recipeOf(settings, this.generator.info));
  }
}
