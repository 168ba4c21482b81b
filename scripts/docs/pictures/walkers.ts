// The moving picture of a character of each role, walking.
import { composeSheet, type DiffusionModel, scaleSheet } from '../../../runtime/index.ts';
import { animationOf } from '../../bake/animation.ts';
import { encodeApng } from '../../node/apng.ts';
import { paint } from './painting.ts';

/** A character of each role, that walks in all directions. */
export async function walkers(model: DiffusionModel): Promise<Uint8Array> {
  const { labels, figment } = model.index;
  const { frames = [], widthPx: width, heightPx: height } = figment;
  const pictures = await paint(
    model,
    labels.map((label) => ({ label, seed: 5 })),
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
