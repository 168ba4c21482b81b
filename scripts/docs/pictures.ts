// The guide's pictures, all painted by shipped models from fixed seeds.
import { type Tensor4D, tensor4d, tidy } from '@tensorflow/tfjs-core';
import { runToEnd } from '../../runtime/core/slices.ts';
import {
  composeSheet,
  conditionInSlices,
  createSampler,
  createSchedule,
  type DiffusionModel,
  decodeLatents,
  encodePixelsInSlices,
  generate,
  guidedPrediction,
  imagesToPixels,
  normals,
  type PictureOptions,
  parseSchedulerConfig,
  pixelArt,
  qSample,
  rowsOfCondition,
  sample,
  scaleSheet,
  slerp,
  toPixels,
  toPremultiplied,
  trainingScheduler,
  unet2d,
} from '../../runtime/index.ts';
import { animationOf } from '../bake/animation.ts';
import { encodeApng } from '../node/apng.ts';
import { encodePng } from '../node/png.ts';
import { drawFigure } from '../study/plot.ts';

/** One picture, as PNG. What takes many steps is painted by the model's teacher, which is the model itself where it has none. */
export type Draw = (model: DiffusionModel, teacher: DiffusionModel) => Promise<Uint8Array>;

const GUIDANCE = 2;

/** The pictures by the model that paints them and by the name of their file. */
export const PICTURES: Record<string, Record<string, Draw>> = {
  portraits: {
    kinds,
    people,
    hair,
    expressions,
    blends,
    reconstruction,
    forward,
    denoising,
    schedules,
    latents,
    variation,
    slerp: walks,
    inpainting,
    palettes,
  },
  characters: { walkers },
  materials: { tiles, overgrown },
};

const paint = (model: DiffusionModel, requests: PictureOptions[], options = {}) =>
  generate(model, requests, { guidanceScale: GUIDANCE, ...options });

/** A character of each role, that walks in all directions. */
async function walkers(model: DiffusionModel): Promise<Uint8Array> {
  const { labels, figment } = model.index;
  const { frames = [], widthPx: width, heightPx: height } = figment;
  const pictures = await paint(
    model,
    labels.map((label) => ({ label, seed: 1 })),
  );
  const walks = pictures.map((pixels) => animationOf({ width, height, channels: 4, pixels }, frames));
  const sheets = walks[0]!.frames.map(({ durationMs }, i) => {
    const tiles = walks.map((walk) => walk.frames[i]!.pixels);
    return { durationMs, ...scaleSheet(composeSheet(tiles, labels.length / 2, walks[0]!.width, height), 2) };
  });
  const [{ width: sheetWidth, height: sheetHeight }] = sheets as [(typeof sheets)[number]];
  return encodeApng({
    width: sheetWidth,
    height: sheetHeight,
    channels: 4,
    frames: sheets.map(({ pixels, durationMs }) => ({ pixels: pixels as Uint8Array, durationMs })),
  });
}

/** Two portraits of each kind, in rows of half of the kinds. */
async function kinds(model: DiffusionModel): Promise<Uint8Array> {
  const { labels } = model.index;
  const columns = Math.ceil(labels.length / 2);
  const requests = [1, 101].flatMap((seed) => labels.map((label, i) => ({ label, seed: seed + (i % columns) })));
  return pictureRows(model, await paintRows(model, requests, columns));
}

/** Two people with every colour of hair. */
async function hair(model: DiffusionModel): Promise<Uint8Array> {
  const woman = variedRows(model, 'hair_colour', WOMAN);
  const orc = variedRows(model, 'hair_colour', { label: 'orc', seed: 8, attributes: { hair_style: 'spiky' } });
  return pictureRows(model, [...(await woman), ...(await orc)]);
}

const WOMAN: PictureOptions = { label: 'human_female', seed: 3, attributes: { hair_style: 'long' } };
const ELF: PictureOptions = { label: 'elf', seed: 7, attributes: { hair_colour: 'blonde' } };

/** Four people with every expression: each of them stays who they are. */
async function expressions(model: DiffusionModel): Promise<Uint8Array> {
  const rows: Uint8Array[][] = [];
  for (const person of [
    ELF,
    { label: 'human_male', seed: 4, attributes: { beard: 'full' } },
    { label: 'dark_elf', seed: 12, attributes: { eyewear: 'glasses' } },
    { label: 'catfolk', seed: 5, attributes: { hair_colour: 'black' } },
  ]) {
    rows.push(...(await variedRows(model, 'expression', person)));
  }
  return pictureRows(model, rows);
}

/** People who are more and more of another kind. */
async function blends(model: DiffusionModel): Promise<Uint8Array> {
  const requests = [
    ['catfolk', { label: 'human_female', seed: 7 }] as const,
    ['goblin', { label: 'human_male', seed: 4, attributes: { beard: 'full' } }] as const,
    ['elf', { label: 'orc', seed: 8 }] as const,
    ['undead', ELF] as const,
  ].flatMap(([label, person]) => BLEND_AMOUNTS.map((amount) => ({ ...person, blend: { label, amount } })));
  return pictureRows(model, await paintRows(model, requests, BLEND_AMOUNTS.length));
}

const BLEND_AMOUNTS = [0, 0.3, 0.5, 0.6, 0.7, 0.85, 1];

/** What a sheet can say, at a glance: kinds, one person with every colour of hair, one with every expression. */
async function people(model: DiffusionModel): Promise<Uint8Array> {
  const { labels } = model.index;
  const requests = [...labels, ...labels].slice(0, 3 * COLUMNS).map((label, i) => ({ label, seed: 1 + i }));
  return pictureRows(model, [
    ...(await paintRows(model, requests, COLUMNS)),
    ...(await variedRows(model, 'hair_colour', WOMAN)),
    ...(await variedRows(model, 'expression', ELF)),
  ]);
}

const COLUMNS = 7;

/** The requests in rows of so many. */
async function paintRows(model: DiffusionModel, requests: PictureOptions[], columns: number): Promise<Uint8Array[][]> {
  const rows: Uint8Array[][] = [];
  for (let at = 0; at < requests.length; at += columns) {
    rows.push(await paint(model, requests.slice(at, at + columns)));
  }
  return rows;
}

/** Rows in which one attribute goes through all its words while the person stays. */
function variedRows(model: DiffusionModel, name: string, person: PictureOptions): Promise<Uint8Array[][]> {
  const words = (model.index.figment.attributes![name] as string[]).filter((word) => word !== 'none');
  const varied = words.map((word) => ({
    ...person,
    attributes: { ...person.attributes, [name]: word },
    sameAs: { [name]: 'any' },
  }));
  return paintRows(model, varied, COLUMNS);
}

/** Some portraits, and the same after the auto-encoder alone. */
async function reconstruction(model: DiffusionModel): Promise<Uint8Array> {
  const labels = ['elf', 'goblin', 'human_male', 'vampire', 'catfolk', 'orc', 'human_elder', 'android'];
  const portraits = await paint(
    model,
    labels.map((label, i) => ({ label, seed: 11 + i })),
  );
  return pictureRows(model, [portraits, await decodedFrom(model, encoded(model, portraits))]);
}

/** One portrait under more and more noise, in pixels. */
async function forward(model: DiffusionModel): Promise<Uint8Array> {
  const [portrait] = await paint(model, [{ label: 'elf', seed: 7 }]);
  const { widthPx, heightPx, channels } = model.index.figment;
  const shape: [number, number, number, number] = [1, heightPx, widthPx, channels];
  const x0 = tensor4d(toPremultiplied(portrait!, 4), shape);
  const eps = tensor4d(normals(3, 0, portrait!.length), shape);
  const schedule = createSchedule(model.scheduler);
  const row = [0, 100, 200, 350, 500, 700, 999].map((t) => {
    const xt = qSample(schedule, x0, [t], eps);
    const pixels = opaque(xt.dataSync<'float32'>());
    xt.dispose();
    return pixels;
  });
  x0.dispose();
  eps.dispose();
  return pictureRows(model, [row]);
}

/** Opaque pixels: a noisy alpha channel would hide the noise in the colours. */
function opaque(values: Float32Array): Uint8Array {
  return toPixels(
    values.map((value, i) => (i % 4 === 3 ? 1 : value)),
    4,
  );
}

/** The network's estimate of the final picture at some of 20 steps. */
async function denoising(_: DiffusionModel, model: DiffusionModel): Promise<Uint8Array> {
  const shown = [1, 2, 4, 6, 9, 12, 16, 20];
  const rows: Uint8Array[][] = [];
  for (const label of ['elf', 'goblin', 'vampire']) {
    const row: Uint8Array[] = [];
    const options = { guidanceScale: GUIDANCE, sampler: 'ddim', numInferenceSteps: 20 } as const;
    for await (const { step, x0Pred } of sample(model, [{ label, seed: 7 }], options)) {
      if (shown.includes(step)) row.push(...(await decodedFrom(model, x0Pred.clone())));
    }
    rows.push(row);
  }
  return pictureRows(model, rows);
}

/** The share of signal over time. */
async function schedules(): Promise<Uint8Array> {
  const linear = { _class_name: 'DDIMScheduler', beta_schedule: 'linear', prediction_type: 'v_prediction' };
  const configs = {
    linear: parseSchedulerConfig(linear, 'linear'),
    cosine: trainingScheduler({ betaSchedule: 'squaredcos_cap_v2', predictionType: 'v_prediction' }),
    'linear, zero terminal SNR': parseSchedulerConfig({ ...linear, rescale_betas_zero_snr: true }, 'zero'),
  };
  const lines = Object.entries(configs).map(([name, config]) => ({
    name,
    points: Array.from(createSchedule(config).alphasCumprod, (value, t) => [t, Math.sqrt(value)] as const),
  }));
  return drawFigure({
    kind: 'lines',
    title: 'How much of the picture is left',
    x: { name: 'timestep t', max: 1000 },
    y: { name: 'scale of the signal, root of α', min: 0, max: 1 },
    lines,
  });
}

/** A portrait, and the channels of its latents as greys. */
async function latents(model: DiffusionModel): Promise<Uint8Array> {
  const { widthPx } = model.index.figment;
  const rows: Uint8Array[][] = [];
  for (const label of ['elf', 'orc']) {
    const portraits = await paint(model, [{ label, seed: 7 }]);
    const z = encoded(model, portraits);
    const values = z.dataSync<'float32'>();
    z.dispose();
    const [height, width, channels] = model.latentShape;
    const factor = widthPx / width;
    const grey = (channel: number) =>
      toPixels(
        Float32Array.from({ length: 4 * (factor * width) * (factor * height) }, (_, i) => {
          const [x, y] = [Math.floor(i / 4) % widthPx, Math.floor(i / 4 / widthPx)];
          const cell = Math.floor(y / factor) * width + Math.floor(x / factor);
          return i % 4 === 3 ? 1 : values[cell * channels + channel]! / 2.5;
        }),
        4,
      );
    rows.push([portraits[0]!, ...Array.from({ length: channels }, (_, channel) => grey(channel))]);
  }
  return pictureRows(model, rows);
}

/** A portrait, and what is made of it at growing strengths. */
async function variation(model: DiffusionModel): Promise<Uint8Array> {
  const rows: Uint8Array[][] = [];
  for (const [label, seed] of [
    ['goblin', 5],
    ['human_female', 12],
  ] as const) {
    const [original] = await paint(model, [{ label, seed }]);
    const row = [original!];
    for (const strength of [0.2, 0.4, 0.6, 0.8, 1]) {
      row.push(
        ...(await paint(model, [{ label, seed: seed + 100, image: original! }], { strength, keepAlpha: false })),
      );
    }
    rows.push(row);
  }
  return pictureRows(model, rows);
}

/** From one noise to another: along the arc, and straight on. */
async function walks(_: DiffusionModel, model: DiffusionModel): Promise<Uint8Array> {
  const amounts = [0, 1 / 7, 2 / 7, 3 / 7, 4 / 7, 5 / 7, 6 / 7, 1];
  const size = model.latentShape.reduce((a, b) => a * b, 1);
  const [from, to] = [normals(12, 0, size), normals(112, 0, size)];
  const straight = (u: number) => from.map((value, i) => (1 - u) * value + u * to[i]!);
  return pictureRows(model, [
    await paintFrom(
      model,
      'human_female',
      amounts.map((u) => slerp(from, to, u)),
    ),
    await paintFrom(model, 'human_female', amounts.map(straight)),
  ]);
}

/** Runs the reverse process from given noises. */
async function paintFrom(model: DiffusionModel, label: string, noises: Float32Array[]): Promise<Uint8Array[]> {
  const { config, weights } = model.unet;
  const told = noises.map(() => ({ label, seed: 12 }));
  const condition = runToEnd(conditionInSlices(model, told));
  const classLabels = condition.classesAt(0);
  const sampler = createSampler('ddim', model.scheduler, { numInferenceSteps: 20 });
  const predict = (x: Tensor4D, t: ArrayLike<number>, classes: ArrayLike<number>) =>
    unet2d(config, weights, x, t, rowsOfCondition(condition, classes));
  let xt = tensor4d(Float32Array.from(noises.flatMap((noise) => [...noise])), [noises.length, ...model.latentShape]);
  for (const [index, t] of sampler.timesteps.entries()) {
    const next = tidy(() => {
      const output = guidedPrediction(predict, xt, t, classLabels, condition.nullLabel, { guidanceScale: GUIDANCE });
      return sampler.step(output, index, xt).xt;
    });
    xt.dispose();
    xt = next;
  }
  condition.vectors?.dispose();
  return decodedFrom(model, xt);
}

/** Faces that stay while all around them is painted again. */
async function inpainting(model: DiffusionModel): Promise<Uint8Array> {
  const { widthPx, heightPx } = model.index.figment;
  const rows: Uint8Array[][] = [];
  for (const [label, seed] of [
    ['human_female', 4],
    ['elf', 7],
  ] as const) {
    const [original] = await paint(model, [{ label, seed }]);
    const mask = Uint8Array.from({ length: widthPx * heightPx }, (_, i) =>
      isFace(i % widthPx, Math.floor(i / widthPx)) ? 0 : 255,
    );
    const requests = Array.from({ length: 6 }, (_, i) => ({ label, seed: 30 + i, image: original!, mask }));
    rows.push([original!, ...(await paint(model, requests))]);
  }
  return pictureRows(model, rows);
}

/** Whether a pixel lies in the face, from the brows to the chin. */
const isFace = (x: number, y: number) => x >= 20 && x < 49 && y >= 27 && y < 53;

/** The latents of pictures; the caller disposes them. */
function encoded(model: DiffusionModel, pictures: Uint8Array[]): Tensor4D {
  const slices = encodePixelsInSlices(model, pictures);
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
  }
}

/** The pictures of latents, which are disposed. */
async function decodedFrom(model: DiffusionModel, latents: Tensor4D): Promise<Uint8Array[]> {
  const images = decodeLatents(model, latents);
  latents.dispose();
  try {
    return await imagesToPixels(model, images);
  } finally {
    images.dispose();
  }
}

/** Materials several tiles wide and high. */
async function tiles(model: DiffusionModel): Promise<Uint8Array> {
  const size = { widthPx: 256, heightPx: 256 };
  const requests = [
    { label: 'brick', seed: 7 },
    { label: 'planks', seed: 3 },
    { label: 'roof', seed: 8 },
  ];
  const pictures: Uint8Array[] = [];
  for (const request of requests) pictures.push(...(await paint(model, [request], size)));
  return encodePng(composeSheet(pictures, pictures.length, size.widthPx, size.heightPx));
}

/** Materials that are more and more of another one. */
async function overgrown(model: DiffusionModel): Promise<Uint8Array> {
  const { widthPx, heightPx } = model.index.figment;
  const requests = [
    { label: 'brick', seed: 7, to: 'grass' },
    { label: 'planks', seed: 3, to: 'rust' },
    { label: 'cobble', seed: 7, to: 'sand' },
  ].flatMap(({ to, ...from }) => BLEND_AMOUNTS.map((amount) => ({ ...from, blend: { label: to, amount } })));
  return encodePng(composeSheet(await paint(model, requests), BLEND_AMOUNTS.length, widthPx, heightPx));
}

/** Portraits as they are painted, and with a palette of their own of fewer and fewer colours. */
async function palettes(model: DiffusionModel): Promise<Uint8Array> {
  const { widthPx, heightPx } = model.index.figment;
  const labels = ['elf', 'goblin', 'human_female', 'vampire', 'human_elder', 'human_male', 'rabbitfolk', 'elf'];
  const portraits = await paint(
    model,
    labels.map((label, i) => ({ label, seed: 21 + i })),
  );
  const rows = [24, 12, 6].map((colours) =>
    portraits.map((portrait) => pixelArt(portrait, widthPx, heightPx, { colours }).pixels as Uint8Array),
  );
  return pictureRows(model, [portraits, ...rows]);
}

const SCALE = 3;

/** Rows of pictures, enlarged, as a PNG. */
function pictureRows({ index }: DiffusionModel, rows: Uint8Array[][]): Uint8Array {
  const { widthPx, heightPx } = index.figment;
  return encodePng(scaleSheet(composeSheet(rows.flat(), rows[0]!.length, widthPx, heightPx), SCALE));
}
