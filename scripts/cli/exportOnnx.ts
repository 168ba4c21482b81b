import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { enableProdMode } from '@tensorflow/tfjs-core';
import { loadModelFolder, modelNotes, selectBackend } from '../../runtime/index.ts';
import { makeWritableFolder, writeFilesAtomic } from '../node/atomicWrite.ts';
import { GRAPH_FILES, onnxFiles } from '../node/onnx/onnxFiles.ts';
import { buildModel, modelSource } from '../node/openModel.ts';
import { printable } from '../node/terminal.ts';
import { UsageError } from '../node/usageError.ts';
import { ofWholeModel } from '../node/wholeModel.ts';

/** @throws UsageError when files of these names lie in a folder that no export has written */
async function refuseForeignFiles(out: string, names: readonly string[]): Promise<void> {
  const there = names.find((name) => existsSync(join(out, name)));
  if (there === undefined || (await wasExported(out))) return;
  throw new UsageError(`export: ${out} holds a ${there} that no export has written; choose another --out`);
}

/** Removes the graphs that an earlier export has left there, and that the model has not. */
async function removeOthers(out: string, names: readonly string[]): Promise<void> {
  for (const name of GRAPH_FILES) if (!names.includes(name)) await rm(join(out, name), { force: true });
}

async function wasExported(out: string): Promise<boolean> {
  try {
    return 'figmentOnnx' in JSON.parse(await readFile(join(out, 'figment.json'), 'utf8'));
  } catch {
    return false;
  }
}

/** figment export onnx */
export async function exportOnnx(name: string, out: string): Promise<void> {
  const reading = loadModelFolder(modelSource(name), { acceptChanged: true });
  const files = await ofWholeModel('export onnx', name, reading);
  enableProdMode();
  await selectBackend({ backend: 'cpu' });
  buildModel(files).dispose(); // says what does not fit, before anything is written
  for (const note of modelNotes(files)) console.log(printable(`export: ${note}`));
  const written = onnxFiles(files);
  await refuseForeignFiles(out, [...Object.keys(written), ...GRAPH_FILES]);
  await makeWritableFolder(out);
  await writeFilesAtomic(out, written);
  await removeOthers(out, Object.keys(written));
  const sizes = Object.entries(written).map(([path, { length }]) => `${path} (${(length / 1e6).toFixed(1)} MB)`);
  console.log(`export: ${sizes.join(', ')} in ${out}`);
}
