import type { AssetGenerator, ModelInfo } from '../../plugin/index.ts';
import { ANY_WORD, attributesOfLabel, isRange, messageOf, type Vocabulary } from '../../runtime/index.ts';
import { allowPress, ignoreRefusedPresses } from '../shared/allowPress.ts';
import { blankPicture, standingFrame } from '../shared/frames.ts';
import { labelWords } from '../shared/labelWords.ts';
import { create, drawStill } from '../shared/page.ts';
import { whyOverruled } from './overruled.ts';
import { canBeOrnate, describeSteps, type LabRecipe, labRecipe, makerOf, rangesOf, type Settings } from './settings.ts';
import { withAttribute } from './withAttribute.ts';

/** One picture of a strip: the settings with some of them changed. */
interface Variant {
  caption: string;
  changes: Partial<Settings>;
}

interface StripPlan {
  titleOf(settings: Settings): string;
  variantsOf(settings: Settings, info: ModelInfo): Variant[];
}

const SCALES = [0, 1, 2, 3, 4, 5, 8];
const ORNAMENT = [-20, -10, 0, 10, 20, 40];
const STEPS = [2, 4, 8, 16, 32];
const NUM_SEEDS = 8;
/** Where in the range of a numeric attribute the pictures of its strip lie. */
const SHARES = [0, 0.25, 0.5, 0.75, 1];

const GUIDANCE: StripPlan = {
  titleOf: () => 'Guidance scale',
  variantsOf: () => SCALES.map((guidanceScale) => ({ caption: String(guidanceScale), changes: { guidanceScale } })),
};

const ORNATE: StripPlan = {
  titleOf: () => 'Plain ← 0 → ornate, by a classifier',
  variantsOf: () => ORNAMENT.map((ornate) => ({ caption: String(ornate).replace('-', '−'), changes: { ornate } })),
};

const NUM_STEPS: StripPlan = {
  titleOf: () => 'Steps',
  variantsOf: (_, info) =>
    STEPS.filter((steps) => steps <= rangesOf(info).numInferenceSteps.max).map((numInferenceSteps) => ({
      caption: String(numInferenceSteps),
      changes: { numInferenceSteps },
    })),
};

/** For a distilled model: the numbers of steps that its student knows, and its teacher beside them. */
const OF_STUDENT: StripPlan = {
  titleOf: () => 'Steps of the student, and of its teacher',
  variantsOf: (_, { student }) => {
    const { stepCounts, teacher } = student!;
    const { sampler, numInferenceSteps } = teacher;
    return [
      ...stepCounts.map((count): Variant => {
        return { caption: String(count), changes: { numInferenceSteps: count, sampler: 'ddim', eta: 0 } };
      }),
      {
        caption: String(numInferenceSteps),
        changes: { numInferenceSteps, sampler: sampler as Settings['sampler'] },
      },
    ];
  },
};

const SEEDS: StripPlan = {
  titleOf: () => 'Seeds',
  variantsOf: ({ seed }) => seedsAround(seed).map((other) => ({ caption: String(other), changes: { seed: other } })),
};

/** The same person, or thing, with each value of one attribute. */
const ATTRIBUTE: StripPlan = {
  titleOf: ({ compared }) => labelWords(compared).replace(/^./, (letter) => letter.toUpperCase()),
  variantsOf: (settings, info) => {
    const { compared, label } = settings;
    const vocabulary = attributesOfLabel(info, label);
    return [null, ...valuesOf(vocabulary[compared] ?? [])].map((value) => ({
      caption: labelWords(String(value ?? ANY_WORD)),
      changes: withAttribute(settings, compared, value, vocabulary),
    }));
  },
};

function valuesOf(values: Vocabulary[string]): (string | number)[] {
  if (!isRange(values)) return [...values];
  return SHARES.map((share) => Math.min(values.max, values.min + share * (values.max - values.min)));
}

/** The strips of a model, in the order in which they are painted. */
export function stripPlans({ kind, attributes = {}, student }: ModelInfo): StripPlan[] {
  return [
    GUIDANCE,
    ...(Object.keys(attributes).length > 0 ? [ATTRIBUTE] : []),
    ...(student ? [OF_STUDENT] : []),
    ...(canBeOrnate({ kind }) ? [ORNATE] : []),
    ...(student ? [] : [NUM_STEPS]),
    SEEDS,
  ];
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
  /** Says that it is the teacher's picture, in a model that has a student. */
  maker: HTMLElement;
  variant: Variant;
  /** Why no picture is made in the steps that it is about; '' where one is. */
  refusal: string;
  /** The key of the recipe on the canvas; '' when there is none. */
  shown: string;
}

/** A row of small pictures that differ in one setting; a click on a picture takes over its setting. */
export class Strip {
  private readonly heading = create('h2');
  private readonly list = create('div', { className: 'cells' });
  private readonly refusal = create('p', { className: 'problem' });
  private readonly problem = create('p', { className: 'problem' });
  private readonly cells: Cell[] = [];

  /** @param priority the priority of its pictures in the queue; higher goes first */
  constructor(
    container: Element,
    private readonly plan: StripPlan,
    private readonly generator: AssetGenerator,
    private readonly priority: number,
    private readonly onChosen: (changes: Partial<Settings>) => void,
  ) {
    this.list.setAttribute('role', 'group');
    ignoreRefusedPresses(this.list);
    container.append(create('div', { className: 'strip' }, this.heading, this.list, this.refusal, this.problem));
  }

  /** Marks the pictures that are out of date, and the one that shows the current settings. */
  show(settings: Settings): void {
    const title = this.plan.titleOf(settings);
    this.heading.textContent = title;
    this.list.setAttribute('aria-label', title);
    const variants = this.plan.variantsOf(settings, this.generator.info);
    while (this.cells.length < variants.length) this.cells.push(this.createCell());
    for (const { button } of this.cells.splice(variants.length)) button.remove();
    for (const [i, cell] of this.cells.entries()) this.showCell(cell, variants[i]!, settings);
    this.refusal.textContent = this.cells.find(({ refusal }) => refusal)?.refusal ?? '';
  }

  private showCell(cell: Cell, variant: Variant, settings: Settings): void {
    const { info } = this.generator;
    const { caption, changes } = variant;
    const varied = { ...settings, ...changes };
    cell.variant = variant;
    cell.refusal = changes.numInferenceSteps === undefined ? '' : whyOverruled(varied, info);
    cell.caption.textContent = caption;
    allowPress(cell.button, !cell.refusal);
    if (cell.refusal) {
      this.empty(cell);
      return;
    }
    const recipe = this.recipeOf(varied);
    cell.maker.textContent = makerOf(recipe, info) === 'teacher' ? 'teacher' : '';
    cell.button.title = `Take over ${caption}: ${describeSteps(recipe, info)}`;
    const key = JSON.stringify(recipe);
    cell.button.toggleAttribute('data-stale', cell.shown !== key);
    cell.button.setAttribute('aria-pressed', String(key === JSON.stringify(this.recipeOf(settings))));
  }

  /** Leaves a picture out that the student cannot make; its title says why. */
  private empty(cell: Cell): void {
    const { button, canvas, maker } = cell;
    cell.shown = '';
    button.title = cell.refusal;
    maker.textContent = '';
    drawStill(canvas, standingFrame(blankPicture(this.generator.info), this.generator.info));
    button.removeAttribute('data-stale');
    button.setAttribute('aria-pressed', 'false');
  }

  /**
   * Paints the pictures that are out of date, from left to right. Where one cannot be painted the strip says why, and the
   * others are painted all the same. @throws the signal's reason when aborted
   */
  async fillAsync(settings: Settings, signal: AbortSignal): Promise<void> {
    this.problem.textContent = '';
    const filling = this.cells.map(async (cell) => {
      try {
        await this.fillCell(cell, settings, signal);
      } catch (error) {
        signal.throwIfAborted();
        this.problem.textContent = messageOf(error);
      }
    });
    await Promise.all(filling);
  }

  private async fillCell(cell: Cell, settings: Settings, signal: AbortSignal): Promise<void> {
    if (cell.refusal) return;
    const recipe = this.recipeOf({ ...settings, ...cell.variant.changes });
    const key = JSON.stringify(recipe);
    if (cell.shown === key) return;
    const pixels = await this.generator.generatePixelsAsync({ ...recipe, priority: this.priority, signal });
    signal.throwIfAborted();
    drawStill(cell.canvas, standingFrame(pixels, this.generator.info));
    cell.shown = key;
    cell.button.removeAttribute('data-stale');
  }

  private createCell(): Cell {
    const { info } = this.generator;
    const canvas = create('canvas');
    drawStill(canvas, standingFrame(blankPicture(info), info));
    const caption = create('span');
    const maker = create('span', { className: 'maker' });
    const button = create('button', { type: 'button' }, canvas, caption, maker);
    const cell = { button, canvas, caption, maker, variant: { caption: '', changes: {} }, refusal: '', shown: '' };
    button.addEventListener('click', () => this.onChosen(cell.variant.changes));
    this.list.append(button);
    return cell;
  }

  private recipeOf(settings: Settings): LabRecipe {
    return labRecipe(settings, this.generator.info);
  }
}
