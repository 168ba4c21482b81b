import {
  applyEdits,
  createScanner,
  type Edit,
  findNodeAtLocation,
  getNodeValue,
  type JSONPath,
  type Node,
  parseTree,
} from 'jsonc-parser';
import { UsageError } from '../../node/usageError.ts';

/** The seeds to keep, by asset and label. */
export type Picks = Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;

/**
 * Puts seeds into the text of a bake file; its comments and its layout stay.
 *
 * An asset with one label gets `seeds`. Where it has several, those that were picked for get their own in `seedsByLabel`.
 *
 * @param labelsOf all labels of an asset, those that it leaves to its model included
 * @throws         UsageError when an asset is no longer in the file
 */
export function writeSeeds(text: string, picks: Picks, labelsOf: (asset: string) => readonly string[]): string {
  let edited = text;
  for (const [asset, byLabel] of Object.entries(picks)) {
    const index = assetIndex(edited, asset);
    if (index < 0) throw new UsageError(`pick: the bake file has no asset "${asset}" any more; open it again`);
    edited = writeAsset(edited, ['assets', index], byLabel, labelsOf(asset));
  }
  return edited;
}

function assetIndex(text: string, asset: string): number {
  const assets = findNodeAtLocation(treeOf(text), ['assets'])?.children ?? [];
  return assets.findIndex((node) => getNodeValue(node)?.name === asset);
}

function writeAsset(
  text: string,
  path: JSONPath,
  byLabel: Readonly<Record<string, readonly number[]>>,
  labels: readonly string[],
): string {
  const unknown = Object.keys(byLabel).find((label) => !labels.includes(label));
  if (unknown !== undefined) throw new UsageError(`pick: the bake file draws no "${unknown}" any more; open it again`);
  const has = (entry: string, inText: string) => findNodeAtLocation(treeOf(inText), [...path, entry]) !== undefined;
  const [first] = labels;
  if (labels.length === 1 && !has('seedsByLabel', text)) {
    const seeds = byLabel[first!];
    return seeds ? without(putSeeds(text, path, seeds), path, ['count', 'firstSeed']) : text;
  }
  let edited = text;
  for (const [label, seeds] of Object.entries(byLabel)) edited = putOwnSeeds(edited, path, label, seeds);
  const own = Object.keys(getNodeValue(findNodeAtLocation(treeOf(edited), [...path, 'seedsByLabel'])!));
  const isComplete = labels.every((label) => own.includes(label));
  if (!isComplete && !has('labels', edited)) edited = put(edited, [...path, 'labels'], labels);
  return isComplete ? without(edited, path, ['seeds', 'count', 'firstSeed']) : edited;
}

/** Writes `seeds`; it takes the place of `count` where the asset had one. */
function putSeeds(text: string, path: JSONPath, seeds: readonly number[]): string {
  const tree = treeOf(text);
  const count = findNodeAtLocation(tree, [...path, 'seeds']) ? undefined : findNodeAtLocation(tree, [...path, 'count']);
  if (!count?.parent) return put(text, [...path, 'seeds'], seeds);
  return replace(text, count.parent, `"seeds": ${listed(seeds)}`);
}

function putOwnSeeds(text: string, path: JSONPath, label: string, seeds: readonly number[]): string {
  const all = [...path, 'seedsByLabel'];
  if (findNodeAtLocation(treeOf(text), all)) return put(text, [...all, label], seeds);
  return insert(text, path, 'seedsByLabel', `{ ${JSON.stringify(label)}: ${listed(seeds)} }`);
}

function put(text: string, path: JSONPath, values: readonly (number | string)[]): string {
  const node = findNodeAtLocation(treeOf(text), path);
  if (node) return replace(text, node, listed(values));
  return insert(text, path.slice(0, -1), String(path.at(-1)), listed(values));
}

/** Adds an entry at the end of an object, laid out as its other entries are; `modify` would change the layout of them all. */
function insert(text: string, path: JSONPath, key: string, content: string): string {
  const object = findNodeAtLocation(treeOf(text), path)!;
  const property = `${JSON.stringify(key)}: ${content}`;
  const last = object.children!.at(-1);
  if (!last) return replace(text, object, `{ ${property} }`);
  const indent = /(?:\r\n|\n|\r)[ \t]*$/.exec(text.slice(0, last.offset))?.[0] ?? ' ';
  const end = last.offset + last.length;
  const comma = commaAfter(text, end);
  const edit: Edit =
    comma === undefined
      ? { offset: end, length: 0, content: `,${indent}${property}` }
      : { offset: comma + 1, length: 0, content: `${indent}${property},` };
  return applyEdits(text, [edit]);
}

/** Removes entries; jsonc-parser's `modify` would remove the comments before them as well. */
function without(text: string, path: JSONPath, entries: readonly string[]): string {
  return entries.reduce((edited, entry) => {
    const property = findNodeAtLocation(treeOf(edited), [...path, entry])?.parent;
    return property ? removeProperty(edited, property) : edited;
  }, text);
}

function removeProperty(text: string, property: Node): string {
  const end = property.offset + property.length;
  const comma = commaAfter(text, end);
  const siblings = property.parent!.children!;
  const before = siblings[siblings.indexOf(property) - 1];
  const commaBefore = comma === undefined && before ? commaAfter(text, before.offset + before.length) : undefined;
  return applyEdits(text, [
    ...(commaBefore === undefined ? [] : [{ offset: commaBefore, length: 1, content: '' }]),
    wholeLine(text, property.offset, comma === undefined ? end : comma + 1),
  ]);
}

/** The place of the comma after a property; there may be comments before it. */
function commaAfter(text: string, offset: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  scanner.scan();
  const next = scanner.getTokenOffset();
  return text[next] === ',' ? next : undefined;
}

/** Removes a range of the text, and the whole line where there is nothing else in it. */
function wholeLine(text: string, start: number, end: number): Edit {
  const before = /(?:\r\n|\n|\r)[ \t]*$/.exec(text.slice(0, start))?.[0].length;
  const isAlone = before !== undefined && /^[ \t]*(?:[\r\n]|$)/.test(text.slice(end));
  const from = isAlone ? start - before : start;
  const to = isAlone ? end : end + /^ ?/.exec(text.slice(end))![0].length;
  return { offset: from, length: to - from, content: '' };
}

function replace(text: string, { offset, length }: Node, content: string): string {
  return applyEdits(text, [{ offset, length, content } satisfies Edit]);
}

function listed(values: readonly (number | string)[]): string {
  return `[${values.map((value) => JSON.stringify(value)).join(', ')}]`;
}

function treeOf(text: string): Node {
  const tree = parseTree(text.replace(/^\uFEFF/, ' '), [], { allowTrailingComma: true });
  if (!tree) throw new UsageError('pick: the bake file is empty; open it again');
  return tree;
}
