// The page of `npm run bench:gpu -- --page`: frames of a scene with and without generation, and pictures one and many at
// once, on whatever the browser that opened it has; the result is JSON to be copied.
import { type FramePhase, measure, start, timePictures } from './framePage.ts';
import { summarise } from './frameTimes.ts';

interface GpuPageOptions {
  /** Address of the model's folder. */
  model: string;
  /** How many pictures are asked for at once. */
  counts: readonly number[];
  /** How long frames are measured with generation, and again without it. */
  durationMs: number;
  /** How long what a change sets off is let pass by, before and after each of both; default: half a second. */
  settleMs?: number;
  sizePx: readonly [widthPx: number, heightPx: number];
}

const DEFAULTS: Pick<GpuPageOptions, 'durationMs' | 'sizePx'> = { durationMs: 5000, sizePx: [1280, 720] };

/** Measures, and tells what is being measured. */
export async function measureGpu(options: GpuPageOptions, onPhase: (what: string) => void = () => {}) {
  const { model, counts, durationMs, settleMs, sizePx } = options;
  onPhase('loading the model');
  const { engine, reason, device } = await start('auto', model, sizePx);
  onPhase('frames while nothing is made');
  const idle = framesOf(await measure('idle', durationMs, settleMs));
  onPhase('frames while pictures are made');
  const made = await measure('generating', durationMs, settleMs);
  const generating = { ...framesOf(made), picturesPerSecond: rounded((1000 * made.numPictures) / made.durationMs) };
  const msPerPicture: Record<string, number> = {};
  for (const count of counts) {
    onPhase(`${count} ${count === 1 ? 'picture' : 'pictures'} at once`);
    msPerPicture[count] = rounded((await timePictures(count)) / count);
  }
  const where = navigator.userAgent;
  return { device, where, engine, reason, model, frames: { idle, generating }, msPerPicture };
}

function framesOf({ frameMs }: FramePhase) {
  const { mean, median, p95, worst } = summarise(frameMs);
  return { meanMs: rounded(mean), medianMs: rounded(median), p95Ms: rounded(p95), worstMs: rounded(worst) };
}

const rounded = (value: number) => Math.round(100 * value) / 100;

/** A button to begin with, and a field with the result. */
function show(options: GpuPageOptions): void {
  const controls = document.createElement('form');
  controls.innerHTML = `<p><button>Measure</button> <output></output></p>
    <textarea readonly hidden rows="30" cols="90" aria-label="The result, as JSON"></textarea>`;
  const [button, output, field] = ['button', 'output', 'textarea'].map((name) => controls.querySelector(name)!) as [
    HTMLButtonElement,
    HTMLOutputElement,
    HTMLTextAreaElement,
  ];
  controls.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    const tell = (what: string) => {
      output.value = what;
    };
    try {
      const measured = await measureGpu(options, tell);
      field.value = JSON.stringify(measured, null, 2);
      field.hidden = false;
      field.select();
      tell('measured: copy the JSON');
    } catch (error) {
      tell(String(error));
    }
  });
  document.body.append(controls);
}

const asked = new URLSearchParams(location.search);
const model = asked.get('model');
if (model !== null) show({ ...DEFAULTS, model, counts: (asked.get('counts') ?? '1').split(',').map(Number) });
