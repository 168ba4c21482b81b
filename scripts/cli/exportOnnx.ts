import { enableProdMode } from '@tensorflow/tfjs-core';
import { loadModelFolder, modelNotes, selectBackend } from '../../runtime/index.ts';
import { makeWritableFolder, writeFilesAtomic } from '../node/atomicWrite.ts';
import { onnxFiles } from '../node/onnx/onnxFiles.ts';
import { buildModel, modelSource } from '../node/openModel.ts';
import { printable } from '../node/terminal.ts';

/** figment export onnx */
export async function exportOnnx(name: string, out: string): Promise<void> {
  const files = await loadModelFolder(modelSource(name), { acceptChanged: true });
  enableProdMode();
  await selectBackend({ backend: 'cpu' });
  buildModel(files).dispose(); // says what does not fit, before anything is written
  for (const note of modelNotes(files)) console.log(printable(`export: ${note}`));
  await makeWritableFolder(out);
  const written = onnxFiles(files);
  await writeFilesAtomic(out, written);
  const sizes = Object.entries(written).map(([path, { length }]) => `${path} (${(length / 1e6).toFixed(1)} MB)`);
  console.log(`export: ${sizes.join(', ')} in ${out}`);
}
