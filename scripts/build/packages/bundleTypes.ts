import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'rollup';
import { packageRoot } from '../../node/packageRoot.ts';
import { acceptUndefined } from './acceptUndefined.ts';

/** Packages whose types are written into ours, because users need not have them. */
const BUNDLED = ['@tensorflow/tfjs-core'];

/** Writes a declaration file for each source of the packages, which `bundleTypes` then joins; `npm run typecheck` checks them. */
export function writeDeclarations(folder: string): void {
  const root = packageRoot();
  const options = ['-p', path.join(root, 'tsconfig.build.json'), '--noCheck', '--outDir', folder];
  execFileSync(process.execPath, [path.join(root, 'node_modules/typescript/bin/tsc'), ...options], {
    stdio: 'inherit',
  });
  for (const file of declarationsIn(folder)) writeFileSync(file, acceptUndefined(readFileSync(file, 'utf8')));
}

function declarationsIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => file.endsWith('.d.ts')).map((file) => path.join(folder, file));
}

/**
 * Joins declaration files to one for each entry that needs no other package but Babylon.js and, for the plugins of bundlers,
 * those bundlers.
 *
 * @param declarations the folder that `writeDeclarations` has filled
 * @param entries      by the name of the file to write, such as `plugin`: the source, such as `plugin/index`
 */
export async function bundleTypes(
  declarations: string,
  entries: Record<string, string>,
  outDir: string,
): Promise<void> {
  const input = Object.entries(entries).map(([name, file]) => [name, path.join(declarations, `${file}.d.ts`)]);
  const [{ rollup }, { dts }] = await Promise.all([import('rollup'), import('rollup-plugin-dts')]);
  const bundle = await rollup({
    input: Object.fromEntries(input),
    plugins: [
      dts({ includeExternal: BUNDLED, tsconfig: path.join(packageRoot(), 'tsconfig.build.json') }),
      ownGlobals,
      ownComments(declarations),
      typesStayTypes,
    ],
    external: /^@babylonjs|^esbuild$|^node:|^@fluentui|^react/,
    onLog: (level, log) => {
      // Types that both entries use are in a file that they share, some without a public name, such as those of tensors.
      const isOfSharedTypes = log.message.includes('no public re-export');
      if (level === 'warn' && !isOfSharedTypes) throw new Error(`bundleTypes: ${log.message}`);
    },
  });
  await bundle.write({ dir: outDir, entryFileNames: '[name].d.ts', chunkFileNames: '[name].ts' });
  await bundle.close();
}

/** Marks what an entry exports as a type, such as a class that nobody is to construct, which is joined as a value. */
const typesStayTypes: Plugin = {
  name: 'types stay types',
  renderChunk(code, { isEntry, facadeModuleId }) {
    if (!isEntry) return null;
    const types = typeExports(readFileSync(facadeModuleId!, 'utf8'));
    return code.replaceAll(/^export \{(.*?)\}/gms, (_, list: string) => {
      const items = list.split(',').map((item) => item.trim());
      return `export { ${items.map((item) => (types.has(exportedName(item)) ? `type ${item}` : item)).join(', ')} }`;
    });
  },
};

/** The names that declarations export as types, from elsewhere. */
function typeExports(declarations: string): Set<string> {
  const lists = declarations.matchAll(/^export (type )?\{(.*?)\}/gms);
  const items = Array.from(lists, ([, type, list]) =>
    list!.split(',').map((item) => `${type ?? ''}${item.trim()}`),
  ).flat();
  return new Set(items.filter((item) => item.startsWith('type ')).map(exportedName));
}

/** The last word of an item such as `a as b`. */
function exportedName(item: string): string {
  return item.split(' ').at(-1)!;
}

const COMMENT = /[ \t]*\/\*[\s\S]*?\*\/\n?/g;

/** What other packages tell editors of where their types were. */
const REGION = /^\/\/#(?:end)?region.*\n/gm;

/**
 * Leaves out what other packages say of their types, but for their licences: a tenth of the declarations, of types that nobody looks up.
 *
 * @param declarations the folder that `writeDeclarations` has filled
 */
function ownComments(declarations: string): Plugin {
  const asOneLine = (comment: string) => comment.trim().replaceAll(/\s+/g, ' ');
  const texts = declarationsIn(declarations).map((file) => readFileSync(file, 'utf8'));
  const own = new Set(texts.flatMap((text) => text.match(COMMENT) ?? []).map(asOneLine));
  const isKept = (comment: string) => own.has(asOneLine(comment)) || /licen[cs]e|copyright/i.test(comment);
  return {
    name: 'own comments',
    renderChunk: (code) =>
      code.replaceAll(COMMENT, (comment) => (isKept(comment) ? comment : '')).replaceAll(REGION, ''),
  };
}

/** Globals of WebGPU, which older TypeScript knows only by a package of types. */
const GPU_NAME = /\bGPU(?:[A-Z]\w*)?\b/g;

/** Lets declarations be used where the global types of WebGPU are missing: then they are unknown. */
const ownGlobals: Plugin = {
  name: 'own globals',
  renderChunk(code) {
    const plain = code.replaceAll(/^\/\/\/ <reference .*\n/gm, '');
    const names = [...new Set(plain.match(GPU_NAME))].filter(
      (name) => !new RegExp(`(interface|type|class) ${name}\\b`).test(plain),
    );
    const own = names.map(
      (name) => `type ${name} = typeof globalThis extends { ${name}: { prototype: infer T } } ? T : any;\n`,
    );
    return own.join('') + plain.replaceAll(/^ +/gm, (indent) => ' '.repeat(Math.ceil(indent.length / 4)));
  },
};
