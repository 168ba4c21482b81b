// Pictures of materials: of several tiles, worn and mossy, and blended with one another.
import { attributesOfRecipe, composeSheet, type DiffusionModel } from '../../../runtime/index.ts';
import { encodePng } from '../../node/png.ts';
import { paint } from './painting.ts';
import { BLEND_AMOUNTS } from './people.ts';

/** Materials several tiles wide and high. */
export async function tiles(model: DiffusionModel): Promise<Uint8Array> {
  const size = { widthPx: 256, heightPx: 256 };
  const requests = [
    { label: 'brick', seed: 7 },
    { label: 'cobble', seed: 3 },
    { label: 'stone_wall', seed: 8 },
  ];
  const pictures: Uint8Array[] = [];
  for (const request of requests) pictures.push(...(await paint(model, [request], size)));
  return encodePng(composeSheet(pictures, pictures.length, size.widthPx, size.heightPx));
}

const AMOUNTS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** Materials with more and more wear, and with more and more moss; all else is as their seeds have decided. */
export async function weathered(model: DiffusionModel): Promise<Uint8Array> {
  const { labels, figment } = model.index;
  const { widthPx, heightPx } = figment;
  const rows = [
    { label: 'brick', seed: 15, number: 'wear' },
    { label: 'tiles', seed: 5, number: 'wear' },
    { label: 'roof', seed: 13, number: 'wear' },
    { label: 'brick', seed: 7, number: 'moss_dirt' },
    { label: 'cobble', seed: 3, number: 'moss_dirt' },
  ];
  const requests = rows.flatMap(({ number, ...material }) => {
    const decided = attributesOfRecipe({ labels, ...figment }, material);
    return AMOUNTS.map((amount) => ({ ...material, attributes: { ...decided, [number]: amount } }));
  });
  return encodePng(composeSheet(await paint(model, requests), AMOUNTS.length, widthPx, heightPx));
}

/** Materials that are more and more of another one. */
export async function overgrown(model: DiffusionModel): Promise<Uint8Array> {
  const { widthPx, heightPx } = model.index.figment;
  const requests = [
    { label: 'brick', seed: 7, to: 'grass' },
    { label: 'planks', seed: 1, to: 'rust' },
    { label: 'ground', seed: 2, to: 'snow' },
  ].flatMap(({ to, ...from }) => BLEND_AMOUNTS.map((amount) => ({ ...from, blend: { label: to, amount } })));
  return encodePng(composeSheet(await paint(model, requests), BLEND_AMOUNTS.length, widthPx, heightPx));
}
