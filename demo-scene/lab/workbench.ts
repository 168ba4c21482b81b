import type { AssetGenerator } from '../../plugin/index.ts';
import { MATERIAL_CHANNELS } from '../../runtime/index.ts';
import { element } from '../shared/page.ts';
import { refuseDrops } from '../shared/refuseDrops.ts';
import { endTyping } from './adjusting.ts';
import { LargePicture } from './largePicture.ts';
import { GuidancePlot, SchedulePlot } from './plots.ts';
import { ReconstructionView } from './reconstruction.ts';
import { changedOf, type LabRecipe, labRecipe, makerOf, type Settings, withinRanges } from './settings.ts';
import { SettingsPanel } from './settingsPanel.ts';
import { Address, offerSharing, recipeText } from './sharing.ts';
import { Strip, stripPlans } from './strip.ts';
import { Walk, WalkControls } from './walk.ts';

/** A part of the page that follows the settings once the picture is there. */
interface Follower {
  /** Marks what is out of date, without painting. */
  show(settings: Settings): void;
  /** Paints what is out of date. @throws the signal's reason when aborted */
  fillAsync(settings: Settings, signal: AbortSignal): Promise<void>;
}

/** Holds the settings, and makes all parts of the page follow them. Newer settings interrupt older ones. */
export class Workbench {
  private settings: Settings;
  private readonly address: Address;
  private readonly controls: SettingsPanel;
  private readonly status: StatusLine;
  private readonly picture: LargePicture;
  private readonly walkControls: WalkControls;
  private readonly schedule: SchedulePlot;
  private readonly followers: Follower[];
  private readonly newest = new NewestOnly();

  /** @param setState called when the picture is being painted, then when everything else is, and when all is done */
  constructor(
    private readonly generator: AssetGenerator,
    private readonly setState: (state: 'painting' | 'filling' | 'ready') => void,
  ) {
    const { info } = generator;
    this.address = new Address(info, ({ settings, notes }) => {
      this.use(settings, false, notes);
      endTyping();
    });
    const { settings, notes } = this.address.read();
    this.settings = settings;
    this.status = new StatusLine(generator);
    this.picture = new LargePicture(generator, (recipe, durationMs) => this.status.painted(recipe, durationMs));
    this.controls = new SettingsPanel(element('#settings'), info, settings, (changed, isNew) =>
      this.use(changed, isNew),
    );
    const change = (changes: Partial<Settings>, isNew = true) =>
      this.use(withinRanges({ ...this.settings, ...changes }, info), isNew);
    this.walkControls = new WalkControls(info, settings, change);
    this.schedule = new SchedulePlot(info);
    // The auto-encoder of materials sees maps, which a picture alone does not have.
    const isEncoded = info.channels !== MATERIAL_CHANNELS;
    element('#vae').hidden = !isEncoded;
    if (!isEncoded) refuseDrops();
    this.followers = [
      new GuidancePlot(generator),
      ...(isEncoded ? [new ReconstructionView(generator, () => this.use(this.settings, false))] : []),
      ...stripPlans(info).map((plan, i) => new Strip(element('#strips'), plan, generator, -i, change)),
      ...(isEncoded ? [new Walk(generator)] : []),
    ];
    const link = () => this.address.linkTo(this.settings);
    offerSharing({ picture: this.picture, link, recipe: () => this.recipe }, notify);
    this.use(settings, false, notes);
  }

  get recipe(): LabRecipe {
    return labRecipe(this.settings, this.generator.info);
  }

  /**
   * Shows these settings everywhere, and paints their pictures.
   *
   * @param isNew whether a person can go back from them to those before
   */
  private use(asked: Settings, isNew: boolean, notes: string[] = []): void {
    const settings = { ...asked, sameAs: changedOf(asked) }; // what is again as it was at first counts as never changed
    this.settings = settings;
    this.controls.show(settings);
    this.address.write(settings, isNew);
    this.walkControls.show(settings);
    this.schedule.show(settings);
    this.status.show(this.recipe);
    element('#recipe pre').textContent = recipeText(this.recipe);
    for (const follower of this.followers) follower.show(settings);
    notify(notes.join(' '));
    void this.paint(settings);
  }

  /** Paints the picture first, and then everything else. */
  private async paint(settings: Settings): Promise<void> {
    this.setState('painting');
    try {
      const isDone = await this.newest.run(async (signal) => {
        await this.picture.paintAsync(settings, signal);
        this.setState('filling');
        await Promise.all(this.followers.map((follower) => follower.fillAsync(settings, signal)));
      });
      if (isDone) this.setState('ready');
    } catch (error) {
      notify((error as Error).message);
      this.setState('ready');
    }
  }
}

function notify(sentence: string): void {
  element('#notice').textContent = sentence;
}

/** Runs work of which only the newest counts: each call aborts the call before it. */
export class NewestOnly {
  private controller: AbortController | null = null;

  /**
   * @param work must end soon after its signal aborts
   * @returns    true when it ended as the newest; false when a newer call took its place, even if it failed
   * @throws     what the newest work throws
   */
  async run(work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    this.controller?.abort();
    const controller = new AbortController();
    this.controller = controller;
    try {
      await work(controller.signal);
      return !controller.signal.aborted;
    } catch (error) {
      if (controller.signal.aborted) return false;
      throw error;
    }
  }
}

/**
 * The line that says which backend paints and why, whether a student or its teacher does, how long a step takes, and how many
 * pictures wait.
 */
class StatusLine {
  /** Who has painted: the first picture of each tells nothing of a step, since its code is compiled for it. */
  private readonly painters = new Set<ReturnType<typeof makerOf>>();

  constructor(private readonly generator: AssetGenerator) {
    const { backend, onQueueChangedObservable } = generator;
    const name = backend.adapter ? `${backend.backend} (${backend.adapter})` : backend.backend;
    show('backend', `${name}: ${backend.reason}`);
    onQueueChangedObservable.add((length) => show('queue', String(length)));
  }

  /** Shows who makes the picture of a recipe, where the model has a student. */
  show(recipe: LabRecipe): void {
    const maker = makerOf(recipe, this.generator.info);
    element('[data-status=maker]').parentElement!.hidden = maker === null;
    show('maker', maker ?? '');
  }

  /** Shows the time of a step, from the time that a whole picture took with its decoding and waiting. */
  painted(recipe: LabRecipe, durationMs: number): void {
    const maker = makerOf(recipe, this.generator.info);
    const isFirst = !this.painters.has(maker);
    this.painters.add(maker);
    if (isFirst) return;
    const stepMs = durationMs / recipe.numInferenceSteps;
    show('step', `about ${stepMs.toFixed(stepMs < 10 ? 1 : 0)} ms`);
  }
}

function show(name: string, text: string): void {
  const place = element(`[data-status=${name}]`);
  place.textContent = text;
  place.title = text;
}
