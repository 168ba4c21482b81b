import { realpath } from 'node:fs/promises';
import * as v from 'valibot';
import { entriesByName } from '../../../runtime/core/entriesByName.ts';
import { MAX_SEED } from '../../../runtime/core/random.ts';
import { writeFileAtomic } from '../../node/atomicWrite.ts';
import type { SiteOptions } from '../../node/serveSite.ts';
import { UsageError } from '../../node/usageError.ts';
import { MAX_COUNT } from '../bakeFileSchema.ts';
import { type BakePlan, bakedRecipe, type PlannedPicture } from '../bakePlan.ts';
import { pageScript, pageStyle } from '../pageFiles.ts';
import { planBake } from '../planBake.ts';
import { parseBakeFile, readUtf8 } from '../readBakeFile.ts';
import type { CandidatePainter } from './candidatePainter.ts';
import { type Picks, writeSeeds } from './writeSeeds.ts';

/** The candidates for one label of one asset, as the page gets them. */
export interface PickGroup {
  id: number; // in the addresses of its candidates
  asset: string;
  label: string;
  seeds: number[]; // in the bake file
  candidates: number[]; // those seeds, and others to choose from
}

const SEEDS_SCHEMA = v.pipe(
  v.array(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MAX_SEED))),
  v.minLength(1),
  v.maxLength(MAX_COUNT),
);
const PICKS_SCHEMA = entriesByName(
  v.pipe(entriesByName(SEEDS_SCHEMA, 'expected seeds by label'), v.minEntries(1)),
  'expected picks by asset',
);

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * The site of `figment pick`: its page, the candidates, which are painted when the page shows them, and the address to which
 * the page posts what was picked, for the bake file.
 *
 * @param numCandidates of each label, besides the seeds that the file has
 */
export async function pickSite(file: string, painter: CandidatePainter, numCandidates: number): Promise<SiteOptions> {
  const ids = new Map<string, number>(); // which pages that are open go on to use, whatever becomes of the file
  const examples = new Map<number, PlannedPicture>(); // one of each group
  const readGroups = async () => {
    const plan = await planOf(await readUtf8(file), file);
    const idOf = (asset: string, label: string) => {
      const key = groupKey(asset, label);
      if (!ids.has(key)) ids.set(key, ids.size);
      return ids.get(key)!;
    };
    const groups = groupsOf(plan, numCandidates).map(
      (group): PickGroup => ({ id: idOf(group.asset, group.label), ...group }),
    );
    for (const picture of plan.pictures.toReversed()) examples.set(idOf(picture.look.asset, picture.label), picture);
    return JSON.stringify(groups);
  };
  await readGroups(); // so that mistakes in the file are reported before a page opens
  const [script, style] = await Promise.all([pageScript('pick'), pageStyle('pick')]);
  const painted = new Map<string, Promise<Uint8Array>>();
  return {
    contentSecurityPolicy: POLICY,
    files: { '/index.html': page(), '/pick.js': script, '/pick.css': style, '/groups.json': readGroups },
    make: async (address) => {
      const [, group, seed] = /^\/candidates\/(\d+)\/(\d+)\.png$/.exec(address) ?? [];
      const example = group === undefined ? undefined : examples.get(Number(group));
      if (!example || Number(seed) > MAX_SEED) return undefined;
      const picture = { ...example, seed: Number(seed), files: [] };
      const key = JSON.stringify([bakedRecipe(picture), picture.look.pixelArt]);
      return remembered(painted, key, () => painter.paint(picture));
    },
    posts: { '/picks': inTurn((body) => savePicks(file, body)) },
  };
}

/** Each call waits for the one before: picks that are made at the same time are all written. */
function inTurn<Result>(work: (body: string) => Promise<Result>): (body: string) => Promise<Result> {
  let last: Promise<unknown> = Promise.resolve();
  return (body) => {
    const own = last.then(() => work(body));
    last = own.catch(() => {});
    return own;
  };
}

/** So many candidates are kept for when the page is opened again. */
const MAX_REMEMBERED = 2000;

function remembered<T>(all: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const found = all.get(key);
  if (found) return found;
  const made = make();
  made.catch(() => all.delete(key));
  all.set(key, made);
  if (all.size > MAX_REMEMBERED) all.delete(all.keys().next().value!);
  return made;
}

async function planOf(text: string, file: string): Promise<BakePlan> {
  return planBake(parseBakeFile(text, file));
}

function groupsOf({ pictures }: BakePlan, numCandidates: number): Omit<PickGroup, 'id'>[] {
  const groups = new Map<string, Omit<PickGroup, 'id'>>();
  for (const { look, label, seed } of pictures) {
    const key = groupKey(look.asset, label);
    if (!groups.has(key)) groups.set(key, { asset: look.asset, label, seeds: [], candidates: [] });
    const { seeds } = groups.get(key)!;
    if (seeds.at(-1) !== seed) seeds.push(seed); // that of the combinations of attributes before
  }
  for (const group of groups.values()) group.candidates = [...group.seeds, ...otherSeeds(group.seeds, numCandidates)];
  return [...groups.values()];
}

function otherSeeds(seeds: readonly number[], count: number): number[] {
  const taken = new Set(seeds);
  const others: number[] = [];
  for (let seed = 0; others.length < count; seed++) if (!taken.has(seed)) others.push(seed);
  return others;
}

function groupKey(asset: string, label: string): string {
  return JSON.stringify([asset, label]);
}

/** @returns the choice as the file has it now */
async function savePicks(file: string, body: string): Promise<string> {
  const picks = parsePicks(body);
  const place = await realpath(file);
  const text = await readUtf8(place);
  const before = await planOf(text, file);
  const edited = writeSeeds(text, picks, (asset) => labelsOf(before.pictures, asset));
  const after = await planOf(edited, file); // throws, so that a file that cannot be baked is never written
  await writeFileAtomic(place, new TextEncoder().encode(edited));
  return JSON.stringify(groupsOf(after, 0));
}

function parsePicks(body: string): Picks {
  try {
    return v.parse(PICKS_SCHEMA, JSON.parse(body));
  } catch (error) {
    throw new UsageError('pick: expected at least one seed for each asset and label', { cause: error });
  }
}

function labelsOf(pictures: readonly PlannedPicture[], asset: string): string[] {
  return [...new Set(pictures.filter(({ look }) => look.asset === asset).map(({ label }) => label))];
}

function page(): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Figment: pick</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="pick.css">
<script type="module" src="pick.js"></script>
</head>
<body>
<header>
<div><h1>Pick what to keep</h1><p id="help">Click, or move with the arrow keys and press space. What is framed is kept.</p></div>
<p id="status" role="status"></p>
<button type="button" id="save" disabled>Save</button>
</header>
<main aria-describedby="help"></main>
</body>
</html>
`;
}
