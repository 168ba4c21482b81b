import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { isPng } from '../../runtime/core/pngHeader.ts';
import { MAX_SEED } from '../../runtime/core/random.ts';
import type { BackendName } from '../../runtime/index.ts';
import { encodeApng } from '../node/apng.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { InterruptError } from '../node/interrupt.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { decodePng, roomFor } from '../node/png.ts';
import { UsageError } from '../node/usageError.ts';
import { animationOf } from './animation.ts';
import type { BakeDescription } from './bakeFileSchema.ts';
import { type BakePlan, bakedRecipe, enlargement, type Look, type PlannedPicture, pictureCaption } from './bakePlan.ts';
import { Baker } from './baker.ts';
import { makeBatches } from './batches.ts';
import { GENERATOR, refuseForeignPage } from './foreignFiles.ts';
import { placeInside } from './outputPaths.ts';
import { escapeHtml, pageScript, pageStyle } from './pageFiles.ts';
import { openPlan } from './planBake.ts';
import { pngToLookAt } from './pngToLookAt.ts';
import type { BakeProgress } from './runBake.ts';

export interface ReportOptions {
  /** Output folder, and what relative paths start from, as in `bake`. */
  out?: string;
  folder?: string;
  backend?: BackendName;
  /** How many other seeds to offer beside each picture; their pictures are made for the report. Default: 4. */
  neighbours?: number;
  signal?: AbortSignal;
  /** Counts the neighbours. */
  onProgress?: (progress: BakeProgress) => void;
}

const DEFAULT_NEIGHBOURS = 4;
const BATCH = 16;

/**
 * Writes a page that shows a bake: every picture, its recipe on a click, and what neighbouring seeds would have made. It is
 * a single file that loads nothing else.
 *
 *   await writeReport('art/figment.bake.json', 'report.html');
 *
 * @param html where to write it
 * @throws     as `bake`, also for a page that no bake has made; Error when a file is missing: bake first; InterruptError when aborted: then no page is written
 */
export async function writeReport(
  what: string | BakeDescription,
  html: string,
  options: ReportOptions = {},
): Promise<void> {
  await refuseForeignPage(html);
  const plan = await openPlan(what, options);
  const neighbours = await paintNeighbours(plan, options);
  const parts: Buffer[] = [];
  for await (const part of pageParts(plan, neighbours)) parts.push(Buffer.from(part));
  await writeFilesAtomic(dirname(resolve(html)), { [basename(html)]: Buffer.concat(parts) });
}

interface Neighbour {
  picture: PlannedPicture;
  png: Uint8Array;
}

type Neighbours = ReadonlyMap<PlannedPicture, readonly Neighbour[]>;

/** Pictures of the seeds around each picture's own, without those that are in the bake anyway; and each that no PNG file shows. */
async function paintNeighbours(plan: BakePlan, options: ReportOptions): Promise<Neighbours> {
  const { neighbours = DEFAULT_NEIGHBOURS, backend, signal, onProgress } = options;
  const found = new Map<PlannedPicture, Neighbour[]>();
  const owners = new Map<PlannedPicture, PlannedPicture>();
  for (const picture of plan.pictures.filter(isUnseen)) owners.set({ ...picture, files: [] }, picture);
  for (const [picture, seeds] of neighbouringSeeds(plan.pictures, neighbours)) {
    for (const seed of seeds) owners.set({ ...picture, seed, files: [] }, picture);
  }
  if (owners.size === 0) return found;
  const opened = await openNodeBackend(backend);
  const baker = new Baker();
  let numDone = 0;
  const report = (numMore: number) => onProgress?.({ numDone: numDone + numMore, numPictures: owners.size });
  try {
    for (const batch of makeBatches([...owners.keys()], BATCH)) {
      signal?.throwIfAborted();
      const onStep = (share: number) => report(share * batch.length);
      const images = await baker.make(batch, { ...(signal && { signal }), onStep });
      for (const [i, picture] of batch.entries()) {
        const png = pngToLookAt(images[i]!, picture.look, 1); // it is small
        const owner = owners.get(picture)!;
        found.set(owner, [...(found.get(owner) ?? []), { picture, png }]);
      }
      numDone += batch.length;
      report(0);
    }
  } catch (error) {
    if (!signal?.aborted) throw error;
    throw InterruptError.after(
      signal.reason,
      `report: interrupted; ${numDone} neighbours of ${owners.size} were painted`,
    );
  } finally {
    baker.dispose();
    opened.release();
  }
  return found;
}

/** Whether a picture has files, but none that a page shows. */
const isUnseen = ({ files }: PlannedPicture) => files.length > 0 && files.every(({ format }) => format !== 'png');

/** The nearest seeds that are neither in the asset for this label nor offered beside an earlier picture. */
function neighbouringSeeds(pictures: readonly PlannedPicture[], count: number): Map<PlannedPicture, number[]> {
  const taken = new Map<string, Set<number>>();
  const keyOf = ({ look, label }: PlannedPicture) => JSON.stringify([look.asset, label]);
  for (const picture of pictures) taken.set(keyOf(picture), (taken.get(keyOf(picture)) ?? new Set()).add(picture.seed));
  const result = new Map<PlannedPicture, number[]>();
  for (const picture of pictures) {
    const used = taken.get(keyOf(picture))!;
    const seeds: number[] = [];
    for (let distance = 1; seeds.length < count; distance++) {
      for (const seed of [picture.seed + distance, picture.seed - distance]) {
        if (seed < 0 || seed > MAX_SEED || used.has(seed) || seeds.length === count) continue;
        used.add(seed);
        seeds.push(seed);
      }
    }
    result.set(
      picture,
      seeds.sort((a, b) => a - b),
    );
  }
  return result;
}

async function* figureParts(
  out: string,
  picture: PlannedPicture,
  neighbours: readonly Neighbour[],
): AsyncGenerator<string> {
  const { label, seed, files, look } = picture;
  const varied = look.varied.length > 0 ? ` ${escapeHtml(look.varied.join(', '))}` : '';
  const kinds = look.surface ? '' : ' plain';
  yield `<figure class="${look.widthPx > 48 ? 'large' : 'small'}${kinds}">\n<div class="maps">`;
  for (const { path, layer } of files.filter(({ format }) => format === 'png')) {
    const name = layer === 'picture' ? pictureCaption(picture) : `${pictureCaption(picture)}, ${layer}`;
    yield button(movingAgain(await readBaked(out, path), path, look), name, picture, path, 'map');
  }
  const itself = neighbours.filter(({ picture: { seed: other } }) => other === seed);
  const others = neighbours.filter((neighbour) => !itself.includes(neighbour));
  for (const { png } of itself) yield button(png, pictureCaption(picture), picture, '', 'map');
  yield `</div>\n<figcaption>${escapeHtml(label)} <b>${seed}</b>${varied}</figcaption>\n`;
  if (others.length > 0) yield '<div class="neighbours" role="group" aria-label="Other seeds">';
  for (const { picture, png } of others) yield button(png, pictureCaption(picture), picture, '', 'neighbour');
  if (others.length > 0) yield '</div>\n';
  yield '</figure>\n';
}

async function readBaked(out: string, path: string): Promise<Uint8Array> {
  const bytes = await readFile(await placeInside(out, path, true)).catch((error) => {
    throw new Error(`report: ${path} cannot be read (${error.code}); bake first`, { cause: error });
  });
  if (!isPng(bytes)) throw new UsageError(`report: ${path} is no PNG; bake again`);
  return bytes;
}

/** A baked file as one that moves, where it has frames, and nobody has made it of another width since. */
function movingAgain(png: Uint8Array, path: string, look: Look): Uint8Array {
  const { frames, widthPx, heightPx } = look;
  const picture = frames && decodePng(png, path, roomFor(widthPx * heightPx * enlargement(look) ** 2));
  return picture && picture.width % frames.length === 0 ? encodeApng(animationOf(picture, frames)) : png;
}

function button(png: Uint8Array, name: string, picture: PlannedPicture, path: string, kind: string): string {
  const data = [
    ['recipe', JSON.stringify(bakedRecipe(picture), null, 2)],
    ['path', path],
    ['asset', picture.look.asset],
  ];
  const attributes = data.map(([key, value]) => ` data-${key}="${escapeHtml(value!)}"`).join('');
  const source = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
  return `<button type="button" class="${kind}"${attributes} title="${escapeHtml(path || name)}"><img src="${source}" alt="${escapeHtml(name)}"></button>`;
}

/** The page in parts, of which none has more than one picture: as a whole it may be longer than a string can be. */
export async function* pageParts({ name, out, pictures }: BakePlan, neighbours: Neighbours): AsyncGenerator<string> {
  const [script, style] = await Promise.all([pageScript('report'), pageStyle('report')]);
  const title = escapeHtml(name);
  const assets = byAsset(pictures);
  const policy = `default-src 'none'; img-src data:; style-src '${digest(style)}'; script-src '${digest(script)}'`;
  yield `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
${GENERATOR}
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header><h1>${title}</h1><p>${assets.size} assets, ${pictures.length} pictures. Click on a picture for its recipe; the small ones are other seeds.</p></header>
<main>`;
  for (const [asset, own] of assets) {
    yield `<section><h2>${escapeHtml(asset)}</h2><div class="grid">`;
    for (const picture of own) yield* figureParts(out, picture, neighbours.get(picture) ?? []);
    yield '</div></section>\n';
  }
  yield `</main>
<dialog aria-labelledby="name">
<h2 id="name"></h2>
<img id="large" alt="">
<p id="path"></p>
<pre id="recipe" tabindex="0"></pre>
<p class="actions"><button type="button" id="copy-recipe">Copy the recipe</button>
<button type="button" id="copy-seed">Copy the seed</button>
<button type="button" id="close">Close</button> <span role="status" id="status"></span></p>
</dialog>
<script type="module">${script}</script>
</body>
</html>
`;
}

function byAsset(pictures: readonly PlannedPicture[]): Map<string, PlannedPicture[]> {
  const assets = new Map<string, PlannedPicture[]>();
  for (const picture of pictures) {
    const { asset } = picture.look;
    assets.set(asset, [...(assets.get(asset) ?? []), picture]);
  }
  return assets;
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
