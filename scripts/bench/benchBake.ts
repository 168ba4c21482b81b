// npm run bench:bake: how long an asset of each shipped model takes to bake, by size and by what is made of it.
import { Command, Option } from 'commander';
import { type BackendName, type GeneratedPicture, type PixelImage, surfaceMaps } from '../../runtime/index.ts';
import type { BakePlan, Look, PlannedPicture } from '../bake/bakePlan.ts';
import { Baker } from '../bake/baker.ts';
import { makeBatches } from '../bake/batches.ts';
import { encodeKtx2 } from '../bake/encodeKtx2.ts';
import { layerImages } from '../bake/layers.ts';
import { openPlan } from '../bake/planBake.ts';
import { endWithError } from '../cli/endWithError.ts';
import { wholeNumber } from '../cli/optionParsers.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { shippedModels } from '../node/openModel.ts';
import { encodePng } from '../node/png.ts';
import { medianMs } from './medianMs.ts';

const BATCH = 16;

interface Variant {
  /** Tiles along a side; more than one only for models whose pictures repeat. */
  tiles: number;
  enlarge: number;
}

const ENLARGED: Variant[] = [
  { tiles: 1, enlarge: 1 },
  { tiles: 1, enlarge: 4 },
  { tiles: 1, enlarge: 8 },
];
const REPEATED: Variant[] = [1, 2, 4].map((tiles) => ({ tiles, enlarge: 1 }));

async function planOf(model: string, { tiles, enlarge }: Variant, tilePx?: [number, number]): Promise<BakePlan> {
  const size = tilePx && tiles > 1 ? { widthPx: tiles * tilePx[0], heightPx: tiles * tilePx[1] } : {};
  const asset = { name: 'bench', model, count: BATCH, enlarge, ...size };
  return openPlan({ figment: 1, assets: [asset] }, { out: 'out' });
}

interface Painted {
  pixels: Uint8Array;
  ms: number; // for one of a batch that fills the usual memory
}

async function paint(baker: Baker, pictures: PlannedPicture[], numRuns: number): Promise<Painted> {
  const [batch] = makeBatches(pictures, BATCH);
  let made: GeneratedPicture[] = [];
  const ms = await medianMs(numRuns, async () => {
    made = await baker.make(batch!);
  });
  return { pixels: made[0]!.pixels, ms: ms / batch!.length };
}

async function measure({ pixels, ms }: Painted, { look, label }: PlannedPicture, numRuns: number) {
  const maps = await medianMs(numRuns, () => surfaceMaps(pixels, look.widthPx, look.heightPx, { label }));
  const image = large(pixels, look, label);
  const png = await medianMs(numRuns, () => encodePng(image));
  const ktx2 = await medianMs(numRuns, () => encodeKtx2(image, 'picture', {}));
  return { picture: ms, maps, png, ktx2, widthPx: image.width, heightPx: image.height };
}

function large(pixels: Uint8Array, look: Look, label: string): PixelImage {
  return layerImages({ pixels, maps: null }, look, label, ['picture']).get('picture')!;
}

interface BenchBakeCommandOptions {
  backend?: BackendName;
  runs: number;
  models?: string[];
}

async function bench({ backend, runs, models = shippedModels() }: BenchBakeCommandOptions): Promise<void> {
  const opened = await openNodeBackend(backend);
  const baker = new Baker();
  console.log(`${opened.backend}: ${opened.reason}\nMilliseconds an asset; maps are all seven of a material.\n`);
  console.log('| model | pixels | picture | maps | PNG | KTX2 | picture and PNG, of the first row |');
  console.log('|---|---|---|---|---|---|---|');
  for (const model of models) {
    const first = (await planOf(model, ENLARGED[0]!)).pictures[0]!.look;
    let base = 0;
    const painted = new Map<number, Painted>(); // by tiles: enlarging comes after
    for (const variant of (await repeats(model, first)) ? REPEATED : ENLARGED) {
      const { pictures } = await planOf(model, variant, [first.widthPx, first.heightPx]);
      const found = painted.get(variant.tiles) ?? (await paint(baker, pictures, runs));
      painted.set(variant.tiles, found);
      const times = await measure(found, pictures[0]!, runs);
      const all = times.picture + times.png;
      base ||= all;
      const numbers = [times.picture, times.maps, times.png, times.ktx2].map((ms) => ms.toFixed(1));
      const size = `${times.widthPx}×${times.heightPx}`;
      console.log(`| ${[model, size, ...numbers, `${(all / base).toFixed(2)} times`].join(' | ')} |`);
    }
  }
  baker.dispose();
  opened.release();
}

/** Whether a model makes pictures of several tiles. */
async function repeats(model: string, { widthPx, heightPx }: Look): Promise<boolean> {
  return planOf(model, { tiles: 2, enlarge: 1 }, [widthPx, heightPx]).then(
    () => true,
    () => false,
  );
}

await new Command('bench:bake')
  .description('measure how long an asset takes to bake on this machine')
  .argument('[models...]', 'default: all shipped models')
  .option('--runs <n>', 'of each the median is told', wholeNumber(1, 100), 3)
  .addOption(new Option('--backend <name>', 'default: the fastest here').choices(['webgpu', 'wasm', 'cpu']))
  .action((models: string[], options: BenchBakeCommandOptions) =>
    bench({ ...options, ...(models.length > 0 ? { models } : {}) }),
  )
  .exitOverride()
  .parseAsync()
  .catch(endWithError);
