import {
  type Dataset,
  type LatentDataset,
  messageOf,
  type Trainer,
  type TrainingStep,
  trainingProgress,
} from '../../runtime/index.ts';
import {
  datasetSheet,
  encodePictures,
  type LetIn,
  modelFiles,
  type PhaseRun,
  startDdpm,
  startVae,
} from './phaseRun.ts';
import {
  type FromTraining,
  type Status,
  TRAINING_DEFAULTS,
  type TrainingSettings,
  type TrainingState,
} from './protocol.ts';
import { describeRun, freshRun, isUsedUp, NOTHING, packRun, rewindRun, type TrainingRun, unpackRun } from './run.ts';
import { type RunStore, UnreadError } from './runStore.ts';
import { sizeProblem } from './smallTraining.ts';

const INTERVALS = { saveMs: 20_000, previewMs: 60_000 };
const REPORT_INTERVAL_MS = 200;

/** The weight of the newest step in the speed that is shown. */
const NEWEST = 0.1;

/** The training of the training corner: one data set and two phases, saved in a store. */
export class TrainingSession {
  private run: TrainingRun | null = null;
  private status: Status = 'empty';
  private notice = '';
  /** Stops the training that is running; null when none is. */
  private stop: AbortController | null = null;
  private stopped: Promise<void> = Promise.resolve();
  /** What has been asked for, to be done between two steps. */
  private readonly wishes = new Set<'save' | 'model'>();
  private reportedAt = 0;
  /** Images per second; null before the phase's first step and 0 after it. */
  private speed: number | null = null;

  /** @param openBackend makes a backend that works the current one; the one of a training before may have lost its device */
  constructor(
    private readonly store: RunStore,
    private readonly send: (message: FromTraining) => void,
    private readonly letIn: LetIn,
    private readonly openBackend: () => Promise<void>,
  ) {}

  /** Continues with the training of an earlier visit, if there is one. */
  async open(): Promise<void> {
    try {
      const stored = await this.store.load();
      if (!stored) return this.report();
      this.run = unpackRun(stored);
      if (stored.sheet) this.send({ type: 'sheet', sheet: stored.sheet });
      this.setStatus(isUsedUp(this.run) ? 'finished' : 'paused', 'Here is the training of your last visit.');
    } catch (error) {
      if (error instanceof UnreadError) {
        const notice = `What your last visit has stored cannot be read: ${error.message}. It is kept; reload the page to try again.`;
        return this.setStatus('empty', notice);
      }
      await this.store.forget().catch(() => {});
      this.setStatus(
        'empty',
        `What your last visit has stored cannot be used: ${messageOf(error)}. Please start again.`,
      );
    }
  }

  /** @throws Error when a training has begun, or the pictures are of a size that cannot be trained on; nothing changes then */
  useDataset(dataset: Dataset, isBuiltIn: boolean): void {
    if (this.status !== 'empty' && this.status !== 'ready') {
      throw new Error('a training has begun; start over to take other pictures');
    }
    const problem = dataset.frames
      ? 'the pictures have frames; train on them with the command figment'
      : sizeProblem(dataset);
    if (problem) throw new Error(problem);
    this.begin(dataset, isBuiltIn, this.run?.settings ?? TRAINING_DEFAULTS);
  }

  /** Trains until the budgets are used or `pause`; a training that has begun goes on from where it was. */
  train(settings: TrainingSettings): Promise<void> {
    const { run } = this;
    if (!run || this.stop) return this.stopped;
    run.settings = settings;
    if (isUsedUp(run)) {
      this.setStatus('finished', 'All of the time that it was given is used. Give it more to train on.');
      return this.stopped;
    }
    this.stop = new AbortController();
    this.stopped = this.trainPhases(run, this.stop.signal);
    return this.stopped;
  }

  async pause(): Promise<void> {
    this.stop?.abort();
    await this.stopped;
  }

  /** Saves the training. While none is running, everything is saved already. */
  save(): void {
    if (this.stop) this.wishes.add('save');
  }

  /** Forgets the training, but not the pictures. */
  async startOver(): Promise<void> {
    await this.pause();
    const problem = await this.store.forget().then(() => '', messageOf);
    if (!this.run) return;
    const notice = problem
      ? `The training ends here, but what the browser has stored stays: ${problem}.`
      : 'The training is forgotten.';
    this.begin(this.run.dataset, this.run.isBuiltIn, this.run.settings, notice);
  }

  /** Sends the files of the model as it is now. */
  async makeModel(): Promise<void> {
    if (this.stop) this.wishes.add('model');
    else await this.sendModel();
  }

  private begin(dataset: Dataset, isBuiltIn: boolean, settings: TrainingSettings, notice = ''): void {
    this.run = freshRun(dataset, isBuiltIn, settings);
    this.send({ type: 'sheet', sheet: datasetSheet(dataset) });
    this.setStatus('ready', notice);
  }

  private async trainPhases(run: TrainingRun, signal: AbortSignal): Promise<void> {
    this.setStatus('starting');
    try {
      await this.openBackend();
      await this.storing(() => this.store.begin(packRun(run)));
      if (run.phase === 'vae') await this.trainPhase(run, signal);
      if (run.phase === 'vae' && !signal.aborted) run.phase = 'ddpm';
      if (run.phase === 'ddpm' && !signal.aborted) await this.trainPhase(run, signal);
      if (signal.aborted) this.end('paused', this.notice || 'Paused and stored: it can go on after a reload, too.');
      else this.end('finished');
    } catch (error) {
      rewindRun(run);
      this.end('paused', `The training stopped: ${messageOf(error)}`);
    }
  }

  private end(status: Status, notice = this.notice): void {
    this.stop = null;
    const wantsModel = this.wishes.has('model');
    this.wishes.clear();
    this.setStatus(status, notice);
    if (wantsModel) void this.sendModel();
  }

  private async trainPhase(run: TrainingRun, signal: AbortSignal): Promise<void> {
    this.speed = null;
    this.setStatus('starting', this.notice);
    const phase = await this.start(run);
    try {
      this.setStatus('training', this.notice);
      for await (const { step, isSaveDue, isPreviewDue } of trainingProgress(phase.trainer, INTERVALS, signal)) {
        this.note(run, step);
        await this.letIn();
        if (this.wishes.delete('save') || isSaveDue) await this.keep(run, phase.trainer);
        if (this.wishes.delete('model')) {
          await this.keep(run, phase.trainer);
          await this.sendModel();
        }
        if (isPreviewDue) await this.show(run, phase);
      }
      if (!signal.aborted) await this.show(run, phase);
      await this.keep(run, phase.trainer);
    } finally {
      await phase.trainer.dispose();
    }
  }

  private async start(run: TrainingRun): Promise<PhaseRun> {
    const { dataset, settings, states } = run;
    if (run.phase === 'vae') return startVae(dataset, settings, states.vae);
    const latents = await this.latentsOf(run);
    return startDdpm(dataset, states.vae!.ema, latents, settings, states.ddpm, this.letIn);
  }

  private async latentsOf(run: TrainingRun): Promise<LatentDataset> {
    run.latents ??= await encodePictures(run.dataset, run.states.vae!.ema, this.letIn);
    return run.latents;
  }

  private note(
    { phase, curves, measured }: TrainingRun,
    { step, loss, elapsedMs, imagesPerSecond }: TrainingStep,
  ): void {
    curves[phase].add(loss);
    measured[phase] = { step, elapsedMs, imagesPerSecond: this.speedWith(imagesPerSecond) };
    if (performance.now() - this.reportedAt > REPORT_INTERVAL_MS) this.report();
  }

  /** The running mean of the speed. The first step does not count, because it compiles. */
  private speedWith(newest: number): number {
    const { speed } = this;
    this.speed = speed === null ? 0 : speed === 0 ? newest : speed + NEWEST * (newest - speed);
    return this.speed;
  }

  private async show(run: TrainingRun, phase: PhaseRun): Promise<void> {
    run.sheet = await phase.sheet();
    this.send({ type: 'sheet', sheet: run.sheet });
  }

  private async keep(run: TrainingRun, trainer: Trainer): Promise<void> {
    run.states[run.phase] = await trainer.state();
    await this.storing(() => this.store.save(packRun(run)));
  }

  /** Writes to the store. When that fails the training goes on, and a notice says so. */
  private async storing(write: () => Promise<void>): Promise<void> {
    try {
      await write();
      this.notice = '';
    } catch (error) {
      this.notice = `The browser does not store the training (${messageOf(error)}): it ends with this page.`;
    }
  }

  private async sendModel(): Promise<void> {
    const { run } = this;
    const { vae, ddpm } = run?.states ?? {};
    if (!run || !vae || !ddpm) return this.fail('There is no model yet: the second phase makes it.');
    try {
      if (!this.stop) await this.openBackend();
      const latents = await this.latentsOf(run);
      this.send({ type: 'model', files: await modelFiles(run.dataset, vae.ema, latents, ddpm.ema, run.settings) });
    } catch (error) {
      this.fail(`The model could not be made: ${messageOf(error)}`);
    }
  }

  private fail(message: string): void {
    this.send({ type: 'failed', message });
  }

  private setStatus(status: Status, notice = ''): void {
    this.status = status;
    this.notice = notice;
    this.report();
  }

  private report(): void {
    this.reportedAt = performance.now();
    this.send({ type: 'state', state: this.state() });
  }

  private state(): TrainingState {
    const { run, status, notice } = this;
    return { ...(run ? describeRun(run) : NOTHING), status, notice };
  }
}
