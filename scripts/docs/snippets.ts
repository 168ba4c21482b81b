// The TypeScript that README and the guide show, as files that a project with the package can check.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../node/packageRoot.ts';
import { GUIDE_FOLDER } from './renderChapter.ts';

/** What the snippets take for granted: a scene, generators that are loaded, meshes, pictures. */
const GIVEN = `
import type { AbstractMesh, Material, PBRMaterial, Scene } from '@babylonjs/core';
import type { AssetGenerator } from 'babylon-figment';
import type { ConditionalVae, DiffusionModel } from 'babylon-figment/runtime';
declare global {
  const scene: Scene;
  const material: PBRMaterial;
  const portraits: AssetGenerator;
  const heroes: AssetGenerator;
  const painter: AssetGenerator;
  const slider: HTMLInputElement;
  const materials: AssetGenerator;
  const wall: AbstractMesh;
  const floor: AbstractMesh;
  const hair: Uint8Array;
  const pixels: Uint8Array;
  const widthPx: number;
  const heightPx: number;
  const model: DiffusionModel;
  const cvae: ConditionalVae;
  function show(pixels: Uint8Array): void;
}
export type Given = Material;
`;

/** Each snippet as a module, by the name of a file that tells where it stands; GIVEN among them. */
export function snippetFiles(): Record<string, string> {
  const root = packageRoot();
  const chapters = readdirSync(path.join(root, GUIDE_FOLDER)).filter((name) => name.endsWith('.md'));
  const documents = ['README.md', ...chapters.map((name) => `${GUIDE_FOLDER}/${name}`)];
  const snippets = documents.flatMap((document) => {
    const text = readFileSync(path.join(root, document), 'utf8');
    return Array.from(text.matchAll(/^```ts\n([\s\S]*?)^```/gm), ([, code], i): [string, string] => [
      `${path.basename(document, '.md')}-${i + 1}.ts`,
      `${code!.replaceAll('{ … }', '{}')}export {};\n`,
    ]);
  });
  return { 'given.ts': GIVEN, ...Object.fromEntries(snippets) };
}
