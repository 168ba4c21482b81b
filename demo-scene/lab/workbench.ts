import type { AssetGenerator, RecipeOptions } from '../../plugin/index.ts';
import { element } from '../shared/element.ts';
import { Address } from './address.ts';
import { Controls } from './controls.ts';
import { NewestOnly } from './newestOnly.ts';
import { GuidancePlot } from './plots/guidancePlot.ts';
import { SchedulePlot } from './plots/schedulePlot.ts';
import { Portrait } from './portrait.ts';
import { recipeOf, type Settings, withinRanges } from './settings.ts';
import { offerSharing, recipeText } from './sharing.ts';
import { StatusLine } from './statusLine.ts';
import { Strip } from './strip.ts';
import { STRIP_PLANS } from './stripPlans.ts';
import { Reconstruction } from './vae/reconstruction.ts';
import { Walk } from './vae/walk.ts';
import { WalkControls } from './vae/walkControls.ts';

/** A part of the page that follows the settings once the portrait is there. */
interface Follower {
  /** Marks what is out of date. */
  show(settings: Settings): void;
  /** Makes it anew. @throws the signal's reason */
  fillAsync(settings: Settings, signal: AbortSignal): Promise<void>;
}

/** Holds the settings, and lets all parts of the page follow them; the newest win. */
export class Workbench {
  private settings: Settings;
  private readonly address: Address;
  private readonly controls: Controls;
  private readonly portrait: Portrait;
  private readonly walkControls: WalkControls;
  private readonly schedule: SchedulePlot;
  private readonly followers: Follower[];
  private readonly newest = new NewestOnly();

  /** @param setState told when the portrait is being painted, when all else is, and when all is there */
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
    const change = (changes: Partial<Settings>) => this.use(withinRanges({ ...this.settings, ...changes }, info));
    this.walkControls = new WalkControls(info, settings, change);
    this.schedule = new SchedulePlot(info);
    this.followers = [
      new GuidancePlot(generator),
      new Reconstruction(generator, () => this.use(this.settings)),
      ...STRIP_PLANS.map((plan, i) => new Strip(element('#strips'), plan, generator, -i, change, settings)),
      new Walk(generator),
    ];
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
    this.walkControls.show(settings);
    this.schedule.show(settings);
    element('#recipe pre').textContent = recipeText(this.recipe);
    for (const follower of this.followers) follower.show(settings);
    tell(notes.join(' '));
    void this.paint(settings);
  }

  /** The portrait, and then all else. */
  private async paint(settings: Settings): Promise<void> {
    this.setState('painting');
    try {
      const isDone = await this.newest.run(async (signal) => {
        await this.portrait.paintAsync(settings, signal);
        this.setState('filling');
        await Promise.all(this.followers.map((follower) => follower.fillAsync(settings, signal)));
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
