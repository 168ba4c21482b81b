import type { AssetGenerator, ModelInfo } from '../../plugin/index.ts';
import { isRange, MATERIAL_CHANNELS, type NumberRange } from '../../runtime/index.ts';
import { create, drawPixels, labelWords } from '../shared/page.ts';
import { labRecipe, rangesOf, type Settings } from './settings.ts';

/** One picture of a strip: the settings with some of them changed. */
interface Variant {
  caption: string;
  changes: Partial<Settings>;
}

interface StripPlan {
  title: string;
  /** For one model the number of variants is always the same. */
  variantsOf(settings: Settings, info: ModelInfo): Variant[];
}

const SCALES = [0, 1, 1.5, 2, 3, 5, 8];
const ORNAMENT = [-20, -10, 0, 10, 20, 40];
const STEPS = [2, 4, 8, 16, 32];
const NUM_SEEDS = 8;
/** Where in the range of a numeric attribute the pictures of its strip lie. */
const SHARES = [0, 0.25, 0.5, 0.75, 1];

const GUIDANCE: StripPlan = {
  title: 'Guidance scale',
  variantsOf: () => SCALES.map((guidanceScale) => ({ caption: String(guidanceScale), changes: { guidanceScale } })),
};

const HAT: StripPlan = {
  title: 'Plain ← 0 → ornate, by a classifier',
  variantsOf: () => ORNAMENT.map((ornate) => ({ caption: String(ornate).replace('-', '−'), changes: { ornate } })),
};

const NUM_STEPS: StripPlan = {
  title: 'Steps',
  variantsOf: (_, info) =>
    fewSteps(info) ??
    STEPS.filter((steps) => steps <= rangesOf(info).numInferenceSteps.max).map((numInferenceSteps) => ({
      caption: String(numInferenceSteps),
      changes: { numInferenceSteps },
    })),
};

/** For a distilled model: the numbers of steps that its student knows, and its teacher beside them. */
function fewSteps({ student }: ModelInfo): Variant[] | null {
  if (!student) return null;
  const { sampler, numInferenceSteps } = student.teacher;
  return [
    ...student.stepCounts.map((count): Variant => {
      return { caption: String(count), changes: { numInferenceSteps: count, sampler: 'ddim', eta: 0 } };
    }),
    {
      caption: `${numInferenceSteps}, teacher`,
      changes: { numInferenceSteps, sampler: sampler as Settings['sampler'] },
    },
  ];
}

const SEEDS: StripPlan = {
  title: 'Seeds',
  variantsOf: ({ seed }) => seedsAround(seed).map((other) => ({ caption: String(other), changes: { seed: other } })),
};

/** The strips of a model, in the order in which they are painted: materials have no ornaments, but may age. */
export function stripPlans({ channels, attributes = {} }: ModelInfo): StripPlan[] {
  if (channels !== MATERIAL_CHANNELS) return [GUIDANCE, HAT, NUM_STEPS, SEEDS];
  const numbers = Object.entries(attributes).flatMap(([name, values]) =>
    isRange(values) ? [planOf(name, values)] : [],
  );
  return [GUIDANCE, ...numbers, NUM_STEPS, SEEDS];
}

/** The same picture with more and more of an attribute. */
function planOf(name: string, { min, max }: NumberRange): StripPlan {
  return {
    title: labelWords(name),
    variantsOf: ({ attributes }) =>
      SHARES.map((share) => {
        const value = min + share * (max - min);
        return { caption: String(value), changes: { attributes: { ...attributes, [name]: value } } };
      }),
  };
}

/** The eight seeds from a multiple of eight on, so that choosing one of them leaves the strip as it is. */
function seedsAround(seed: number): number[] {
  const first = seed - (seed % NUM_SEEDS);
  return Array.from({ length: NUM_SEEDS }, (_, i) => first + i);
}

/** One picture of a strip, and the variant that it shows or will show. */
interface Cell {
  button: HTMLButtonElement;
  canvas: HTMLCanvasElement;
  caption: HTMLElement;
  variant: Variant;
  /** The key of the recipe on the canvas; '' when there is none. */
  shown: string;
}

/** A row of small pictures that differ in one setting; a click on a picture takes over its setting. */
export class Strip {
  private readonly cells: Cell[];

  /** @param priority the priority of its pictures in the queue; higher goes first */
  constructor(
    container: Element,
    private readonly plan: StripPlan,
    private readonly generator: AssetGenerator,
    private readonly priority: number,
    private readonly onChosen: (changes: Partial<Settings>) => void,
    settings: Settings,
  ) {
    this.cells = plan.variantsOf(settings, generator.info).map((variant) => this.createCell(variant));
    const heading = create('h2', { textContent: plan.title });
    const list = create('div', { className: 'cells' }, ...this.cells.map(({ button }) => button));
    list.setAttribute('role', 'group');
    list.setAttribute('aria-label', plan.title);
    container.append(create('div', { className: 'strip' }, heading, list));
  }

  /** Marks the pictures that are out of date, and the one that shows the current settings. */
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

  /** Paints the pictures that are out of date, from left to right. @throws the signal's reason when aborted */
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
    const [width, height] = this.generator.sizePx;
    const canvas = create('canvas', { width, height });
    const caption = create('span');
    const title = `Take over: ${this.plan.title.toLowerCase()}`;
    const button = create('button', { type: 'button', title }, canvas, caption);
    const cell = { button, canvas, caption, variant, shown: '' };
    button.addEventListener('click', () => this.onChosen(cell.variant.changes));
    return cell;
  }

  private keyOf(settings: Settings): string {
    return JSON.stringify(labRecipe(settings, this.generator.info));
  }
}
