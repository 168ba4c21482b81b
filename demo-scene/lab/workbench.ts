import type { AssetGenerator, RecipeOptions } from '../../plugin/index.ts';
import { element } from '../ui/element.ts';
import { Address } from './address.ts';
import { Controls } from './controls.ts';
import { NewestOnly } from './newestOnly.ts';
import { Portrait } from './portrait.ts';
import { SchedulePlot } from './schedulePlot.ts';
import { recipeOf, type Settings } from './settings.ts';
import { offerSharing, recipeText } from './sharing.ts';
import { StatusLine } from './statusLine.ts';
import { Strip } from './strip.ts';
import { STRIP_PLANS } from './stripPlans.ts';

/** Holds the settings, and lets all parts of the page follow them; the newest win. */
export class Workbench {
  private settings: Settings;
  private readonly address: Address;
  private readonly controls: Controls;
  private readonly portrait: Portrait;
  private readonly strips: Strip[];
  private readonly plot: SchedulePlot;
  private readonly newest = new NewestOnly();

  /** @param setState told when the portrait is being painted, when the strips are, and when all are there */
  constructor(
    private readonly generator: AssetGenerator,
    private readonly setState: (state: 'painting' | 'filling' | 'ready') => void,
  ) {
    const { info } = generator;
    this.address = new Address(info, ({ settings, notes }) => this.use(settings, notes));
    const { settings, notes } = this.address.read();
    this.settings = settings;
    const status = new StatusLine(generator);
    this.portrait = new Portrait(generator, (durationMs, numSteps) => status.painted(durationMs, numSteps));
    this.controls = new Controls(element('#settings'), info, settings, (changed) => this.use(changed));
    this.strips = STRIP_PLANS.map((plan, i) => {
      const onChosen = (changes: Partial<Settings>) => this.use({ ...this.settings, ...changes });
      return new Strip(element('#strips'), plan, generator, -i, onChosen, settings);
    });
    this.plot = new SchedulePlot(info, settings);
    const { canvas } = this.portrait;
    offerSharing({ canvas, link: () => this.address.linkTo(this.settings), recipe: () => this.recipe }, tell);
    this.use(settings, notes);
  }

  get recipe(): RecipeOptions {
    return recipeOf(this.settings, this.generator.info);
  }

  /** Shows other settings everywhere, and paints them. */
  private use(settings: Settings, notes: string[] = []): void {
    this.settings = settings;
    this.controls.show(settings);
    this.address.write(settings);
    this.plot.show(settings);
    element('#recipe pre').textContent = recipeText(this.recipe);
    for (const strip of this.strips) strip.show(settings);
    tell(notes.join(' '));
    void this.paint(settings);
  }

  /** The portrait, and then the strips. */
  private async paint(settings: Settings): Promise<void> {
    this.setState('painting');
    try {
      const isDone = await this.newest.run(async (signal) => {
        await this.portrait.paintAsync(settings, signal);
        this.setState('filling');
        await Promise.all(this.strips.map((strip) => strip.fillAsync(settings, signal)));
      });
      if (isDone) this.setState('ready');
    } catch (error) {
      tell((error as Error).message);
      this.setState('ready');
    }
  }
}

function tell(sentence: string): void {
  element('#notice').textContent = sentence;
}
