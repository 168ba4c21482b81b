// A labelled data set of frames, drawn by formula.
import { parseFrames } from '../core/frames.ts';
import { uniforms } from '../core/random.ts';
import type { Dataset } from '../dataset/dataset.ts';

export const WALK = parseFrames([
  { direction: 'left', frame: 0 },
  { direction: 'left', frame: 1 },
  { direction: 'left', frame: 'stand' },
]);

const LABELS = ['box', 'bar'];

/** Boxes and bars of two colours, the attribute `tone`, each a pixel further to the right in every frame. */
export function tinyFrames({ perClass = 4, widthPx = 8, heightPx = 12 } = {}): Dataset {
  const count = perClass * LABELS.length;
  const classLabels = Int32Array.from({ length: count }, (_, i) => i % LABELS.length);
  const tones = Int16Array.from(uniforms(3, 0, count), (draw) => (draw < 0.5 ? 0 : 1));
  const images = new Uint8Array(count * WALK.length * heightPx * widthPx * 4);
  for (let at = 0; at < images.length / 4; at++) {
    const [x, y] = [at % widthPx, Math.floor(at / widthPx) % heightPx];
    const [frame, image] = [
      Math.floor(at / (widthPx * heightPx)) % WALK.length,
      Math.floor(at / (widthPx * heightPx * WALK.length)),
    ];
    const isCovered = x >= 1 + frame && x < 4 + frame && (classLabels[image] === 0 || y > heightPx / 2);
    if (isCovered) images.set(tones[image] === 0 ? [200, 40, 30, 255] : [30, 60, 220, 255], 4 * at);
  }
  return {
    name: 'tiny frames',
    widthPx,
    heightPx,
    channels: 4,
    labels: LABELS,
    licence: 'CC0-1.0',
    attribution: 'drawn by formula',
    images,
    classLabels,
    frames: WALK,
    attributes: [{ name: 'tone', values: ['red', 'blue'], data: tones }],
  };
}
