import type GUI from 'lil-gui';
import type { AssetGenerator, Latents, ModelInfo, RecipeOptions } from '../../plugin/index.ts';
import { randomSeed } from '../../runtime/index.ts';
import { blankPicture, standingFrame } from '../shared/frames.ts';
import { labelWords } from '../shared/labelWords.ts';
import { create, drawStill, element } from '../shared/page.ts';
import { percent } from '../shared/percent.ts';
import { Adjusting } from './adjusting.ts';
import { choicesOf } from './attributeControls.ts';
import { createPanel } from './createPanel.ts';
import { labRecipe, type Settings } from './settings.ts';

/** The walk is painted after the strips, whose priority is higher. */
const PRIORITY = -3;

/** From the picture to another: through the latents of the auto-encoder, and through the noise of the diffusion. */
export class Walk {
  private readonly vae: WalkRow;
  private readonly ddpm: WalkRow;

  constructor(private readonly generator: AssetGenerator) {
    this.vae = new WalkRow('#vae-walk', generator.info);
    this.ddpm = new WalkRow('#ddpm-walk', generator.info);
  }

  show(settings: Settings): void {
    for (const row of [this.vae, this.ddpm]) row.show(this.keyOf(settings));
    const { label, walkLabel } = settings;
    const change = label === walkLabel ? '' : `, ${labelWords(label)} until half way, then ${labelWords(walkLabel)}`;
    element('#ddpm-walk-title').textContent = `DDPM: an arc between their noises${change}`;
  }

  /** Paints the rows that are out of date, the walk through the latents first. @throws the signal's reason when aborted */
  async fillAsync(settings: Settings, signal: AbortSignal): Promise<void> {
    const { generator } = this;
    const waiting = { priority: PRIORITY, signal };
    const key = this.keyOf(settings);
    let ends: Promise<Latents[]> | null = null; // encoded only when the row is out of date
    const encodeEnds = () =>
      Promise.all(
        [labRecipe(settings, generator.info), endRecipe(settings, generator.info)].map(async (recipe) =>
          generator.encodeAsync(await generator.generatePixelsAsync({ ...recipe, ...waiting }), waiting),
        ),
      );
    await this.vae.fillAsync(key, signal, async (amount) => {
      ends ??= encodeEnds();
      const [from, to] = await ends;
      return generator.decodeAsync(between(from!, to!, amount), waiting);
    });
    await this.ddpm.fillAsync(key, signal, (amount) =>
      generator.generatePixelsAsync({ ...noiseRecipe(settings, generator.info, amount), ...waiting }),
    );
  }

  private keyOf(settings: Settings): string {
    return JSON.stringify([labRecipe(settings, this.generator.info), settings.walkLabel, settings.walkSeed]);
  }
}

/** One row of a walk: a picture for each amount. */
class WalkRow {
  private readonly list: HTMLElement;
  private readonly canvases: HTMLCanvasElement[];
  /** The key of the row that is shown; '' while it is incomplete. */
  private shown = '';

  constructor(
    selector: string,
    private readonly info: ModelInfo,
  ) {
    this.list = element('.cells', element(selector));
    this.canvases = AMOUNTS.map((amount) => {
      const canvas = create('canvas');
      drawStill(canvas, standingFrame(blankPicture(info), info));
      this.list.append(create('figure', {}, canvas, create('figcaption', { textContent: percent(amount) })));
      return canvas;
    });
  }

  /** @param key equal rows have equal keys */
  show(key: string): void {
    this.list.toggleAttribute('data-stale', this.shown !== key);
  }

  /** Paints the pictures unless they are shown already, and draws each as it arrives. @throws what `paintAsync` throws */
  async fillAsync(
    key: string,
    signal: AbortSignal,
    paintAsync: (amount: number) => Promise<Uint8Array>,
  ): Promise<void> {
    if (this.shown === key) return;
    this.shown = '';
    await Promise.all(
      AMOUNTS.map(async (amount, i) => {
        const pixels = await paintAsync(amount);
        signal.throwIfAborted();
        drawStill(this.canvases[i]!, standingFrame(pixels, this.info));
      }),
    );
    this.shown = key;
    this.list.removeAttribute('data-stale');
  }
}

/** How far along the walk each picture is, 0 … 1; both ends are the pictures themselves. */
export const AMOUNTS: readonly number[] = [0, 1 / 6, 2 / 6, 3 / 6, 4 / 6, 5 / 6, 1];

/** The picture at the walk's other end: the present settings with another label and seed. */
export function endRecipe(settings: Settings, info: ModelInfo): RecipeOptions {
  return { ...labRecipe(settings, info), label: settings.walkLabel, seed: settings.walkSeed };
}

/** A step of the walk through the noise: it goes from one seed to the other, and half way the label changes. */
export function noiseRecipe(settings: Settings, info: ModelInfo, amount: number): RecipeOptions {
  const [from, to] = [labRecipe(settings, info), endRecipe(settings, info)];
  if (amount === 0 || amount === 1) return amount === 0 ? from : to;
  const { label } = amount < 0.5 ? from : to;
  return { ...from, label, interpolate: { seed: settings.walkSeed, amount } };
}

/** Latents on the straight line between two others. */
export function between(from: Latents, to: Latents, amount: number): Latents {
  return { ...from, values: from.values.map((value, i) => value + amount * (to.values[i]! - value)) };
}

type WalkEnd = Pick<Settings, 'walkLabel' | 'walkSeed'>;

/** The fields that choose the walk's other end. */
export class WalkControls {
  private readonly values: WalkEnd;
  private readonly gui: GUI;

  constructor(
    { labels }: ModelInfo,
    { walkLabel, walkSeed }: Settings,
    private readonly onChange: (changes: WalkEnd, isNew: boolean) => void,
  ) {
    this.values = { walkLabel, walkSeed };
    this.gui = createPanel(element('#walk-end'), 'Walk to');
    this.gui.add(this.values, 'walkLabel', choicesOf(labels)).name('end label');
    this.gui.add(this.values, 'walkSeed').step(1).name('end seed');
    this.gui
      .add({ random: () => this.onChange({ ...this.values, walkSeed: randomSeed() }, true) }, 'random')
      .name('another end');
    const adjusting = new Adjusting(this.gui);
    this.gui.onChange(({ property }) => {
      if (property in this.values) this.onChange({ ...this.values }, adjusting.begins());
    });
  }

  show({ walkLabel, walkSeed }: Settings): void {
    Object.assign(this.values, { walkLabel, walkSeed });
    for (const controller of this.gui.controllersRecursive()) controller.updateDisplay();
  }
}
