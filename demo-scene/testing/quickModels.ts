import { parseFrames } from '../../runtime/core/frames.ts';
import type { Vocabulary } from '../../runtime/index.ts';
import { type TinyModelOptions, tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import tavern from '../tavern/tavern.json';

const OF_FACES: Vocabulary = {
  gender: ['female', 'male'],
  hair_colour: ['red', 'grey'],
  expression: ['neutral', 'happy', 'grin', 'surprised'],
};
/** Standing and two steps, in each of four directions. */
const FRAMES = parseFrames(
  ['down', 'left', 'right', 'up'].flatMap((direction) => ['stand', 0, 1].map((frame) => ({ direction, frame }))),
);
const OF_MATERIALS: Vocabulary = { wear: { min: 0, max: 1 }, moss: { min: 0, max: 1 } };

interface QuickModelsOptions {
  /** Let the model of surfaces make their colours alone, and know no wear. */
  plainSurfaces?: boolean;
}

/** Stand-ins for the four models, with a few thousand weights: the guests walk in frames, and are of the portraits' kinds. */
export async function quickModels({
  plainSurfaces = false,
}: QuickModelsOptions = {}): Promise<Record<string, Uint8Array>> {
  const { model, portraits, guests, things, surfaces } = tavern;
  const kinds = [...new Set(labelsOf(portraits))];
  const folders = await Promise.all([
    quickModel(model, labelsOf(portraits), 1, { cvae: true, attributes: OF_FACES }),
    quickModel(guests.model, [...guests.labels, ...guests.arrivals.labels], 2, {
      sizePx: 16,
      heightPx: 28,
      frames: FRAMES,
      attributes: { kind: kinds, gender: OF_FACES.gender!, hair_colour: OF_FACES.hair_colour! },
    }),
    quickModel(things.model, labelsOf(things.spots), 3),
    quickModel(surfaces.model, labelsOf(surfaces.of), 4, {
      circularPadding: true,
      ...(plainSurfaces ? { channels: 3 } : { channels: 6, attributes: OF_MATERIALS }),
    }),
  ]);
  return Object.assign({}, ...folders);
}

async function quickModel(
  address: string,
  labels: string[],
  seed: number,
  look: TinyModelOptions = {},
): Promise<Record<string, Uint8Array>> {
  const files = Object.entries(await tinyModelFolder({ labels: [...new Set(labels)], sizePx: 32, seed, ...look }));
  return Object.fromEntries(files.map(([name, bytes]) => [`/${address}${name}`, bytes]));
}

function labelsOf(recipes: readonly { label: string }[]): string[] {
  return recipes.map(({ label }) => label);
}
