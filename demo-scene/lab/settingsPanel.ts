import type { Controller, GUI } from 'lil-gui';
import type { ModelInfo } from '../../plugin/index.ts';
import { mixesLabels, randomSeed, SAMPLER_NAMES } from '../../runtime/index.ts';
import { create, element } from '../shared/page.ts';
import { Adjusting } from './adjusting.ts';
import { AttributeControls, choicesOf, explain, isNarrow } from './attributeControls.ts';
import { createPanel } from './createPanel.ts';
import { asMade, whyOverruled } from './overruled.ts';
import { canBeOrnate, type NumberName, rangesOf, type Settings, withinRanges } from './settings.ts';

/** The numbers of this panel; the end of the walk has fields of its own. */
type PanelNumber = Exclude<NumberName, 'walkSeed'>;

const NAMES: Record<PanelNumber, string> = {
  seed: 'seed',
  blendAmount: 'blend share',
  guidanceScale: 'guidance scale',
  intervalMin: 'guided from t',
  intervalMax: 'guided to t',
  guidanceRescale: 'rescale',
  ornate: 'ornate',
  numInferenceSteps: 'steps',
  eta: 'eta (DDIM)',
};

const HINTS: Record<PanelNumber, string> = {
  blendAmount: '0 is the label alone, 1 the one that it is blended with',
  seed: 'Which noise it begins with: 0 to 4294967295',
  guidanceScale: '0 ignores the label, 1 is off, more exaggerates what the label means',
  intervalMin: 'Guidance is off at timesteps below: the last steps, where details form',
  intervalMax: 'Guidance is off at timesteps above: the first steps, where the outline forms',
  guidanceRescale: 'How far to take back the contrast that a high guidance scale adds',
  ornate:
    'How strongly a classifier steers to ornate portraits, or below 0 to plain ones. The model itself knows neither word',
  numInferenceSteps: 'How often the network is asked: more is slower',
  eta: 'Noise that DDIM adds again in each step: 0 none, 1 as much as DDPM',
};

/** The panel of sliders and fields. */
export class SettingsPanel {
  /** The settings that the visitor has asked for, which the picture need not follow in sampler and steps. */
  private asked: Settings;
  /** The settings that the controls show: those asked for, but with the sampler and the steps by which the picture is made. */
  private readonly values: Settings;
  private readonly note = create('p', { className: 'note', role: 'status' });
  private readonly gui: GUI;
  private readonly adjusting: Adjusting;
  private readonly eta: Controller;
  private readonly attributes: AttributeControls | undefined;

  /** @param onChange called at each change, with all values within their ranges, and whether it goes on from none before */
  constructor(
    container: HTMLElement,
    private readonly info: ModelInfo,
    settings: Settings,
    private readonly onChange: (settings: Settings, isNew: boolean) => void,
  ) {
    this.asked = settings;
    this.values = { ...settings };
    this.gui = createPanel(container, 'Settings');
    if (isNarrow()) this.gui.close();
    this.gui.add(this.values, 'label', choicesOf(info.labels)).name('label');
    if (mixesLabels(info)) {
      const blendLabel = this.gui.add(this.values, 'blendLabel', choicesOf(info.labels)).name('blend with');
      explain(blendLabel, 'A second label that is mixed in, once its share below is above 0');
      this.addSlider('blendAmount');
    }
    const attributesPlace = element('#attributes');
    attributesPlace.hidden = !info.attributes;
    this.attributes =
      info.attributes && new AttributeControls(attributesPlace, info, (changes, isNew) => this.change(changes, isNew));
    explain(this.gui.add(this.values, 'seed').step(1).name(NAMES.seed), HINTS.seed);
    this.gui.add({ random: () => this.change({ seed: randomSeed() }) }, 'random').name('random seed');
    for (const name of ['guidanceScale', 'intervalMin', 'intervalMax', 'guidanceRescale'] as const)
      this.addSlider(name);
    if (canBeOrnate(info)) this.addSlider('ornate');
    this.gui.add(this.values, 'sampler', choicesOf(SAMPLER_NAMES)).name('sampler');
    this.addSlider('numInferenceSteps').domElement.after(this.note);
    this.eta = this.addSlider('eta');
    this.adjusting = new Adjusting(this.gui);
    this.gui.onChange(({ object, property }) => {
      if (object === this.values) this.changed(property as keyof Settings);
    });
    this.show(settings);
  }

  show(settings: Settings): void {
    this.asked = settings;
    Object.assign(this.values, asMade(settings, this.info));
    for (const controller of this.gui.controllersRecursive()) controller.updateDisplay();
    this.note.textContent = whyOverruled(settings, this.info);
    this.eta.show(this.values.sampler === 'ddim');
    this.attributes?.show(settings);
  }

  private change(changes: Partial<Settings>, isNew = true): void {
    this.onChange(withinRanges({ ...this.asked, ...changes }, this.info), isNew);
  }

  /**
   * When the two ends of the interval cross, the end that was moved wins. Who changes the sampler or the steps that a teacher
   * takes means both as they are shown.
   */
  private changed(name: keyof Settings): void {
    const { intervalMin, intervalMax, sampler, numInferenceSteps } = this.values;
    const changes = {
      [name]: this.values[name],
      ...(name === 'intervalMax' && { intervalMin: Math.min(intervalMin, intervalMax) }),
      ...((name === 'sampler' || name === 'numInferenceSteps') && { sampler, numInferenceSteps }),
    };
    this.change(changes, this.adjusting.begins());
  }

  private addSlider(name: Exclude<PanelNumber, 'seed'>): Controller {
    const { min, max, step } = rangesOf(this.info)[name];
    const controller = this.gui.add(this.values, name, min, max, step).name(NAMES[name]);
    return explain(controller, HINTS[name]);
  }
}
