// What the packages tell TypeScript, in a project that has installed them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { snippetFiles } from '../../scripts/docs/snippets.ts';
import type { OutsideProject } from './outsideProject.ts';

const LIMIT_MS = 240_000;

/** Code of a project: what TypeScript must take, and, behind `@ts-expect-error`, what it must not. */
const TYPED = `import type { Scene } from '@babylonjs/core/scene.js';
import { AssetGenerator, CreateEngineAsync, createNpcAsync, type GeneratedTexture, type RecipeOptions } from 'babylon-figment';
import { bake, type BakeResult, InterruptError, UsageError } from 'babylon-figment-cli/bake';
import { figmentEsbuild } from 'babylon-figment-cli/esbuild';
import { figmentVite } from 'babylon-figment-cli/vite';
import { portraits, type PortraitsAttributes, type PortraitsLabel, type PortraitsWords } from 'babylon-figment-portraits';
import { createModel, type DiffusionModel } from 'babylon-figment/runtime';
import picture, { url } from 'figment:portraits/elf?seed=7';
export async function elf(scene: Scene): Promise<GeneratedTexture> {
  const generator: AssetGenerator<PortraitsWords> = await AssetGenerator.LoadAsync(portraits, scene);
  // @ts-expect-error the model has no label of this name
  generator.beginTexture({ label: 'elv' });
  // @ts-expect-error nobody has hair of this colour
  generator.beginTexture({ label: 'elf', attributes: { hair_colour: 'blau' } });
  // @ts-expect-error an attribute goes by its name
  generator.beginTexture({ label: 'elf', attributes: { hairColour: 'red' } });
  const faces = await generator.generateSetAsync({ label: 'elf', vary: 'expression', values: ['happy', 'sad'] });
  await faces.get('happy')?.varyAsync({ expression: 'angry' });
  // @ts-expect-error no face is so
  faces.get('hangry');
  const hair = Math.random() > 0.5 ? 'red' : undefined; // somebody's sheet may leave it open
  generator.beginTexture({ label: 'elf', attributes: { hair_colour: hair } });
  const named: Record<string, GeneratedTexture> = {};
  for (const [word, face] of faces) named[word] = face;
  // @ts-expect-error a face has an expression
  generator.generateSetAsync({ label: 'elf', vary: 'expression', values: [undefined] });
  const sprites: AssetGenerator = await AssetGenerator.LoadAsync('models/characters/', scene);
  sprites.beginTexture({ label: 'any word', attributes: { of: 'any kind' } });
  const guard = await createNpcAsync({ role: 'guard', hair_colour: 'red' }, { portraits: generator, sprites });
  await guard.portrait.varyAsync({ hair_colour: 'blue' });
  // @ts-expect-error both models check the words of a sheet
  createNpcAsync({ hair_colour: 5 }, { portraits: generator, sprites: generator });
  const anybody: AssetGenerator = generator; // for words that are not known before the game runs
  anybody.beginTexture({ label: String(guard.seed) });
  return generator.generateTextureAsync({ label: 'elf', seed: 7, guidanceScale: 2 });
}
const sheet: PortraitsAttributes = { hair_colour: 'red', eyewear: 'glasses' };
export const recipe: RecipeOptions = { label: 'elf' satisfies PortraitsLabel, attributes: sheet };
// @ts-expect-error nobody has hair of this colour
export const dyed: PortraitsAttributes = { hair_colour: 'blau' };
export const make: (...files: Parameters<typeof createModel>) => DiffusionModel = createModel;
export const plugins = [figmentEsbuild(), figmentVite({ models: { heroes: './heroes' } })];
export const address: string = picture.url + url + picture.recipe.label;
export const bakeElf = (): Promise<BakeResult> =>
  // @ts-expect-error a seed is a number
  bake({ figment: 1, assets: [{ name: 'elf', model: 'portraits', seeds: ['7'] }] }, { out: 'art', jobs: 2 });
export const inWorker = (canvas: OffscreenCanvas) => CreateEngineAsync(canvas);
export const codeOf = (error: unknown): number =>
  error instanceof InterruptError ? error.exitCode : error instanceof UsageError ? 2 : 1;
// @ts-expect-error a model is no number
export const wrong: number = createModel;`;

/** @param model whose package the project has installed */
export function testPackageTypes(project: () => OutsideProject, model: string): void {
  describe('the packages', () => {
    it('tell TypeScript their types, those of all code in README and the guide included', {
      timeout: LIMIT_MS,
    }, async () => {
      project().write('typed.ts', TYPED);
      const snippets = snippetFiles(); // what README and the guide show
      for (const [name, content] of Object.entries(snippets)) project().write(name, content);
      // One model is installed here; the package of another has the same form.
      const form = `export { ${model} as characters } from 'babylon-figment-${model}';`;
      project().write('characters.d.ts', `declare module 'babylon-figment-characters' { ${form} }`);
      project().write(
        'wrong.ts',
        `import { AssetGenerator } from 'babylon-figment'; export const wrong: string = AssetGenerator;`,
      );
      const caught = [expect.stringMatching(/^wrong.ts.*TS2322/)];
      const all = ['characters.d.ts', 'typed.ts', 'wrong.ts', ...Object.keys(snippets)];
      expect(await typeErrors(project(), all)).toEqual(caught);
      expect(await typeErrorsOf59(project(), ['typed.ts', 'wrong.ts'])).toEqual(caught);
    });

    it('declare as values what there is when they run, and nothing else', async () => {
      for (const name of ['babylon-figment', 'babylon-figment-cli']) {
        const dist = path.join(project().folder, 'node_modules', name, 'dist');
        const isTyped = (file: string) => existsSync(path.join(dist, file.replace(/js$/, 'd.ts')));
        const scripts = readdirSync(dist).filter((file) => file.endsWith('.js') && isTyped(file));
        expect(scripts.length).toBeGreaterThan(2);
        for (const script of scripts) {
          const options = { format: 'esm', write: false, metafile: true, outdir: dist } as const;
          const { metafile } = await build({ ...options, entryPoints: [path.join(dist, script)] });
          const exported = Object.values(metafile.outputs).flatMap(({ exports }) => exports);
          const declared = readFileSync(path.join(dist, script.replace(/js$/, 'd.ts')), 'utf8');
          expect(valueExports(declared), `${name}: ${script}`).toEqual(exported.sort());
        }
      }
    });

    it('take their types from what is installed with them', () => {
      for (const name of ['babylon-figment', 'babylon-figment-cli']) {
        const place = path.join(project().folder, 'node_modules', name);
        const { dependencies, peerDependencies } = JSON.parse(readFileSync(path.join(place, 'package.json'), 'utf8'));
        const installed = Object.keys({ ...dependencies, ...peerDependencies });
        const isThere = (from: string) => /^(\.|node:)/.test(from) || installed.includes(packageOf(from));
        const declarations = readdirSync(path.join(place, 'dist')).filter((file) => file.endsWith('.d.ts'));
        const imported = declarations.flatMap((file) =>
          importsOf(readFileSync(path.join(place, 'dist', file), 'utf8')),
        );
        expect(imported.length, name).toBeGreaterThan(2);
        expect(
          imported.filter((from) => !isThere(from)),
          name,
        ).toEqual([]);
      }
    });

    it('let options be undefined, for those whose TypeScript asks', { timeout: LIMIT_MS }, async () => {
      project().write(
        'exact.ts',
        `import type { AssetsManager, ISpriteManager, Scene } from '@babylonjs/core';
       import { addGeneratedTextureTask, AssetGenerator, createNpcAsync } from 'babylon-figment';
       import { RegisterGeneratedTexture, restoreSpritesAsync } from 'babylon-figment';
       interface May { seed?: number; signal?: AbortSignal; manager: AssetsManager; sprites: ISpriteManager }
       export async function all(scene: Scene, { seed, signal, manager, sprites }: May, numWorkers?: number) {
         const generator = await AssetGenerator.LoadAsync('models/portraits/', scene, { signal, numWorkers });
         const asked = { label: 'elf', seed, signal };
         const texture = await generator.generateTextureAsync({ ...asked, mipmaps: undefined });
         await texture.varyAsync({ expression: 'happy' }, { signal, priority: seed });
         await generator.generateSpritesAsync({ seed, signal });
         await generator.generateSetAsync({ ...asked, vary: 'expression' });
         const npc = await createNpcAsync({}, { portraits: generator, sprites: generator }, { seed, signal });
         await npc.varyAsync({ kind: 'elf' }, { signal });
         addGeneratedTextureTask(manager, 'elf', 'models/portraits/', asked);
         await restoreSpritesAsync(sprites, { signal });
         RegisterGeneratedTexture({ numWorkers });
       }`,
      );
      expect(await typeErrors(project(), ['exact.ts'], { exactOptionalPropertyTypes: true })).toEqual([]);
    });
  });
}

/** The modules that a file of type declarations imports from, each as the file names it. */
const importsOf = (declarations: string) =>
  Array.from(declarations.matchAll(/^import (?:.* from )?'(.*)';$/gm), ([, from]) => from!);

/** The name of the package that a module belongs to: `@babylonjs/core` for `@babylonjs/core/scene.js`. */
const packageOf = (from: string) => from.match(/^(@[^/]+\/)?[^/]+/)![0];

/** The names that declarations export as values, in alphabetical order. */
function valueExports(declarations: string): string[] {
  const lists = declarations.matchAll(/^export \{(.*?)\}/gms);
  const items = Array.from(lists, ([, list]) => list!.split(',').map((item) => item.trim())).flat();
  return items
    .filter((item) => !item.startsWith('type '))
    .map((item) => item.split(' ').at(-1)!)
    .sort();
}

/** Strict, and libraries are checked, too. */
const COMPILER_OPTIONS = {
  strict: true,
  noEmit: true,
  skipLibCheck: false,
  target: 'es2022',
  module: 'esnext',
  moduleResolution: 'bundler',
  types: ['babylon-figment-cli/imports'],
};

/** Errors in our declarations, in the project's files, or in neither. */
const isOurs = (line: string) => /^[\w-]+\.ts\(|babylon-figment|^error/.test(line);

/** The errors that TypeScript finds in our declarations and in the project's files. */
async function typeErrors(project: OutsideProject, files: string[], more: object = {}): Promise<string[]> {
  project.write('tsconfig.json', JSON.stringify({ compilerOptions: { ...COMPILER_OPTIONS, ...more }, files }));
  const output = await project
    .node('node_modules/typescript/bin/tsc', '-p', '.', '--pretty', 'false')
    .catch(({ stdout }: { stdout: string }) => stdout);
  return output.split('\n').filter((line) => /error TS\d+/.test(line) && isOurs(line));
}

/** The same by TypeScript 5.9, which is slow: of Babylon.js it checks only what ours asks for. */
async function typeErrorsOf59(project: OutsideProject, files: string[]): Promise<string[]> {
  project.write(
    'check.cjs',
    `const ts = require('typescript-5.9');
     const { options, errors } = ts.convertCompilerOptionsFromJson(${JSON.stringify(COMPILER_OPTIONS)}, '.');
     const program = ts.createProgram(${JSON.stringify(files)}, options);
     const ours = program.getSourceFiles().filter(({ fileName }) =>
       !fileName.includes('/node_modules/') || fileName.includes('/babylon-figment'));
     const found = [
       ...errors, ...program.getOptionsDiagnostics(), ...program.getGlobalDiagnostics(),
       ...ours.flatMap((file) => [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]),
     ];
     const host = { getCurrentDirectory: () => process.cwd(), getCanonicalFileName: (name) => name, getNewLine: () => '\\n' };
     console.log(ts.formatDiagnostics(found, host));
     console.log(ours.map(({ fileName }) => 'checked ' + fileName).join('\\n'));`,
  );
  const lines = (await project.node('check.cjs')).split('\n');
  for (const name of ['babylon-figment', 'babylon-figment-cli', project.packed.at(-1)!.name]) {
    expect(lines).toContainEqual(expect.stringMatching(new RegExp(`^checked .*/node_modules/${name}/`)));
  }
  return lines.filter((line) => /error TS\d+/.test(line));
}
