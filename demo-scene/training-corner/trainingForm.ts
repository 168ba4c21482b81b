import uPlot from 'uplot';
import { allowPress } from '../shared/allowPress.ts';
import { element } from '../shared/page.ts';
import {
  type Budget,
  type Curve,
  PHASES,
  type Phase,
  type PhaseProgress,
  type Status,
  type TrainingSettings,
  type TrainingState,
} from './protocol.ts';

const RANGES = {
  minutes: { min: '0.1', max: '600', step: 'any' },
  steps: { min: '1', max: '1000000', step: '1' },
} as const;

const NAMES: Record<Phase, string> = { vae: 'auto-encoder', ddpm: 'diffusion model' };

const TRAIN_WORDS: Record<Status, string> = {
  empty: 'Train',
  ready: 'Train',
  starting: 'Starting…',
  training: 'Pause',
  paused: 'Go on',
  finished: 'Train on',
};

/** The form that shows how long each phase trains, its progress and its loss. */
export class TrainingForm {
  private readonly plots: Record<Phase, LossPlot>;
  private readonly button: HTMLButtonElement;
  private isFilled = false;

  constructor(
    private readonly form: HTMLFormElement,
    onTrain: (settings: TrainingSettings) => void,
    onPause: () => void,
  ) {
    const plotOf = (phase: Phase) => new LossPlot(element('.plot', this.fieldsetOf(phase)), NAMES[phase]);
    this.plots = { vae: plotOf('vae'), ddpm: plotOf('ddpm') };
    this.button = element<HTMLButtonElement>('[data-action=train]', form);
    for (const phase of PHASES) {
      const { unit } = this.fieldsOf(phase);
      unit.addEventListener('change', () => this.limit(phase));
    }
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.form.dataset.status === 'training') onPause();
      else onTrain({ vae: this.budgetOf('vae'), ddpm: this.budgetOf('ddpm') });
      allowPress(this.button, false); // until the worker answers
      this.button.focus(); // a field may lose it
    });
  }

  show({ status, phase: current, settings, progress }: TrainingState): void {
    const { form, button } = this;
    if (!this.isFilled) this.fill(settings);
    form.dataset.status = status;
    button.textContent = TRAIN_WORDS[status];
    allowPress(button, status !== 'empty' && status !== 'starting');
    for (const phase of PHASES) {
      const fieldset = this.fieldsetOf(phase);
      element<HTMLProgressElement>('progress', fieldset).value = progress[phase].share;
      const isAtWork = status === 'training' && phase === current;
      element('output', fieldset).textContent = sentenceOf(progress[phase], isAtWork);
      this.plots[phase].show(progress[phase].curve);
      for (const field of Object.values(this.fieldsOf(phase))) field.disabled = isDone(phase, current, status);
    }
  }

  private fill(settings: TrainingSettings): void {
    this.isFilled = true;
    for (const phase of PHASES) {
      const { amount, unit } = this.fieldsOf(phase);
      amount.value = String(settings[phase].amount);
      unit.value = settings[phase].unit;
      this.limit(phase);
    }
  }

  private limit(phase: Phase): void {
    const { amount, unit } = this.fieldsOf(phase);
    Object.assign(amount, RANGES[unit.value as Budget['unit']]);
  }

  private budgetOf(phase: Phase): Budget {
    const { amount, unit } = this.fieldsOf(phase);
    return { unit: unit.value as Budget['unit'], amount: Number(amount.value) };
  }

  private fieldsetOf(phase: Phase): HTMLFieldSetElement {
    return element<HTMLFieldSetElement>(`fieldset[data-phase=${phase}]`, this.form);
  }

  private fieldsOf(phase: Phase): { amount: HTMLInputElement; unit: HTMLSelectElement } {
    const fieldset = this.fieldsetOf(phase);
    return { amount: element('[name=amount]', fieldset), unit: element('[name=unit]', fieldset) };
  }
}

/** Whether the budget of a phase is fixed: the phase is over, or the training is running. */
function isDone(phase: Phase, current: Phase, status: Status): boolean {
  return status === 'training' || status === 'starting' || (phase === 'vae' && current === 'ddpm');
}

function sentenceOf({ step, share, elapsedMs, imagesPerSecond }: PhaseProgress, isAtWork: boolean): string {
  if (step === 0) return isAtWork ? 'first step…' : '';
  const steps = `${step} ${step === 1 ? 'step' : 'steps'} in ${clockOf(elapsedMs)}`;
  if (!isAtWork) return steps;
  const speed = imagesPerSecond > 0 ? `${imagesPerSecond.toFixed(0)} images/s, ` : '';
  return `${steps}\n${speed}${clockOf(elapsedMs / share - elapsedMs)} left`;
}

/** Minutes and seconds: 2:05. */
function clockOf(durationMs: number): string {
  const seconds = Math.round(durationMs / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

const HEIGHT_PX = 104;
const INK = '#c4a87c';
const GRID = 'rgb(196 168 124 / 14%)';
const CURVE = '#ff9d3c';
const FONT = '11px ui-monospace, "Liberation Mono", monospace';
/** The axis ends at so many medians. It cuts off the first steps' large losses, which would flatten the rest. */
const TOP_MEDIANS = 4;

/** A live plot of the loss over the steps. */
class LossPlot {
  private readonly plot: uPlot;

  constructor(
    private readonly container: HTMLElement,
    private readonly what: string,
  ) {
    this.plot = new uPlot(this.options(), [[], []], container);
    new ResizeObserver(([entry]) => {
      const width = Math.floor(entry!.contentRect.width);
      if (width > 0) this.plot.setSize({ width, height: HEIGHT_PX });
    }).observe(container);
    this.show({ steps: [], losses: [] });
  }

  show({ steps, losses }: Curve): void {
    this.plot.setData([steps, losses]);
    const last = losses.at(-1);
    const words = last === undefined ? 'no steps yet' : `${last.toPrecision(3)} at step ${steps.at(-1)}`;
    this.container.setAttribute('aria-label', `Loss of the ${this.what}: ${words}`);
  }

  private options(): uPlot.Options {
    const axis = { stroke: INK, grid: { stroke: GRID, width: 1 }, ticks: { show: false }, font: FONT };
    return {
      width: Math.max(100, this.container.clientWidth),
      height: HEIGHT_PX,
      padding: [6, 6, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: {
        x: { time: false, range: (_, min, max) => [0, max ?? min ?? 1] },
        y: { range: (plot) => rangeOf(plot) },
      },
      axes: [
        { ...axis, size: 20, gap: 2, space: 60 },
        { ...axis, size: 36, gap: 3, space: 26 },
      ],
      series: [{}, { stroke: CURVE, width: 1.5, points: { show: false } }],
    };
  }
}

function rangeOf({ data }: uPlot): [number, number] {
  const sorted = Array.from(data[1] as number[]).sort((a, b) => a - b);
  if (sorted.length === 0) return [0, 1];
  const median = sorted[Math.floor(sorted.length / 2)]!;
  return [0, Math.min(sorted.at(-1)!, TOP_MEDIANS * median)];
}
