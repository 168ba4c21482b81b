import { type ModelSource, memorySource } from '../../runtime/index.ts';

const INDEX_FILE = 'model_index.json';

/**
 * A model folder from files that a person chose or dropped: `<input type="file" webkitdirectory>`, or `File` objects whose
 * names hold their path within the folder. Other files in it are not read.
 *
 * @throws Error when no model_index.json is among them
 */
export async function fileListSource(files: Iterable<File>): Promise<ModelSource> {
  const paths = Array.from(files, (file) => ({ file, path: file.webkitRelativePath || file.name }));
  const index = paths.find(({ path }) => path === INDEX_FILE || path.endsWith(`/${INDEX_FILE}`));
  if (!index) {
    throw new Error(
      `AssetGenerator: there is no ${INDEX_FILE} among the ${paths.length} files; choose a model's folder`,
    );
  }
  const root = index.path.slice(0, -INDEX_FILE.length);
  const inside = paths.filter(({ path }) => path.startsWith(root) && /\.(json|safetensors)$/.test(path));
  const entries = inside.map(async ({ file, path }) => {
    return [path.slice(root.length), new Uint8Array(await file.arrayBuffer())] as const;
  });
  return memorySource(Object.fromEntries(await Promise.all(entries)), root.split('/').at(-2) || 'files');
}
