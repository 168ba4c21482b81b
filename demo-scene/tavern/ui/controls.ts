import { PIPELINE_NAMES, type PipelineName } from '../../../plugin/index.ts';
import { element } from '../../shared/page.ts';
import type { ModelUser } from '../../training-corner/handOut.ts';
import { recall, remember } from '../memory.ts';
import { type QualityWish, qualityWish } from '../quality.ts';

/** The row of settings below the scene, which the browser remembers. */
export class Controls {
  /** Whether guests come in during this visit; the address may override what is remembered. */
  areArriving: boolean;
  readonly settings = recallSettings();
  private readonly arrivals = element<HTMLButtonElement>('[data-action=arrivals]');

  /**
   * @param search     the query of the address: `?arrivals=off` keeps guests away for this visit, `on` lets them come
   * @param onPipeline called when another pipeline is to paint the portraits
   */
  constructor(
    search: string,
    onArrivals: (areArriving: boolean) => void,
    onPipeline: (pipeline: PipelineName) => void,
  ) {
    const asked = new URLSearchParams(search).get('arrivals');
    this.areArriving = asked === null ? this.settings.areArriving : asked !== 'off';
    this.showArrivals();
    this.arrivals.addEventListener('click', () => {
      this.areArriving = !this.areArriving;
      this.change({ areArriving: this.areArriving });
      this.showArrivals();
      onArrivals(this.areArriving);
    });
    this.rememberQuality(search);
    this.rememberPipeline(onPipeline);
    this.rememberList();
    this.closeByEscape();
  }

  /** Offers the pipelines alone that the model of the portraits has. */
  offerPipelines(known: readonly PipelineName[]): void {
    const select = element<HTMLSelectElement>('#pipeline');
    for (const option of select.options) option.hidden = !known.includes(option.value as PipelineName);
    select.parentElement!.hidden = known.length < 2;
  }

  /** @returns whether the browser remembers the changes */
  private change(changes: Partial<VisitorSettings>): boolean {
    Object.assign(this.settings, changes);
    return rememberSettings(this.settings);
  }

  private showArrivals(): void {
    const { areArriving } = this;
    this.arrivals.textContent = areArriving ? 'Close the door' : 'Open the door';
    this.arrivals.title = areArriving ? 'No new guests come in' : 'New guests come in, every few seconds';
  }

  /** Another quality needs another room, so the page is loaded again. */
  private rememberQuality(search: string): void {
    const select = element<HTMLSelectElement>('#quality');
    select.value = qualityWish(search, this.settings.quality);
    select.addEventListener('change', () => {
      const quality = select.value as QualityWish;
      const isRemembered = this.change({ quality });
      const address = addressFor(location.href, quality, isRemembered);
      history.replaceState(null, '', address); // an address with a fragment would not be loaded by itself
      location.reload();
    });
  }

  private rememberPipeline(onPipeline: (pipeline: PipelineName) => void): void {
    const select = element<HTMLSelectElement>('#pipeline');
    select.value = this.settings.pipeline;
    select.addEventListener('change', () => {
      this.change({ pipeline: select.value as PipelineName });
      onPipeline(this.settings.pipeline);
    });
  }

  private rememberList(): void {
    const details = element<HTMLDetailsElement>('#people');
    details.open = this.settings.isListOpen;
    details.addEventListener('toggle', () => this.change({ isListOpen: details.open }));
  }

  /** Escape closes the drawer that is open, and the focus goes back to what opened it. */
  private closeByEscape(): void {
    element('#controls').addEventListener('keydown', ({ key }) => {
      const open = key === 'Escape' && document.querySelector<HTMLDetailsElement>('#controls details[open]');
      if (!open) return;
      open.open = false;
      element('summary', open).focus();
    });
  }
}

/** The page's address for a quality. It says nothing where the browser remembers that: a quality in the address would go first. */
export function addressFor(href: string, quality: QualityWish, isRemembered: boolean): URL {
  const address = new URL(href);
  if (isRemembered) address.searchParams.delete('quality');
  else address.searchParams.set('quality', quality);
  return address;
}

/** Shows the button of the training corner; its code is loaded when it is opened for the first time. */
export function offerTraining(user: ModelUser, onError: (error: unknown) => void): void {
  const opener = element<HTMLButtonElement>('#open-training');
  opener.hidden = false;
  const create = async () => (await import('../../training-corner/panel.ts')).TrainingPanel.CreateAsync(opener, user);
  let panel: ReturnType<typeof create> | null = null;
  opener.addEventListener('click', async () => {
    panel ??= create();
    try {
      (await panel).open();
    } catch (error) {
      panel = null;
      onError(error);
    }
  });
}

/** The settings that a visitor has chosen in the controls, remembered for the next visit. */
export interface VisitorSettings {
  areArriving: boolean;
  quality: QualityWish;
  isListOpen: boolean;
  /** The pipeline that paints the portraits, where their model has several. */
  pipeline: PipelineName;
}

const DEFAULTS: VisitorSettings = { areArriving: true, quality: 'auto', isListOpen: false, pipeline: 'ddpm' };
const NAME = 'settings';

/** The settings of the last visit. Stored values are not trusted. */
export function recallSettings(): VisitorSettings {
  const stored = recall(NAME) as Partial<VisitorSettings> | undefined;
  const { areArriving, quality, isListOpen, pipeline } = { ...DEFAULTS, ...stored };
  return {
    areArriving: areArriving !== false,
    quality: quality === 'high' || quality === 'low' ? quality : 'auto',
    isListOpen: isListOpen === true,
    pipeline: PIPELINE_NAMES.includes(pipeline) ? pipeline : DEFAULTS.pipeline,
  };
}

/** @returns false where the browser does not allow it */
export function rememberSettings(settings: VisitorSettings): boolean {
  return remember(NAME, settings);
}
