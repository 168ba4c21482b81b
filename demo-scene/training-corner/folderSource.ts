import type { DatasetSource } from '../../runtime/index.ts';
import type { FolderFile } from './protocol.ts';

/** A chosen or dropped folder as `openDataset` reads it; it holds these files and no others. */
export function folderSource(name: string, files: readonly FolderFile[]): DatasetSource {
  const contents = new Map(files.map(({ path, file }) => [path, file]));
  const folders = new Map<string, Set<string>>([['', new Set()]]);
  for (const path of contents.keys()) {
    const parts = path.split('/');
    for (const [depth, part] of parts.entries()) {
      const folder = parts.slice(0, depth).join('/');
      const entries = folders.get(folder) ?? new Set();
      folders.set(folder, entries.add(depth < parts.length - 1 ? `${part}/` : part));
    }
  }
  return {
    name,
    list: async (path) => [...(folders.get(path) ?? [])],
    async read(path) {
      const file = contents.get(path);
      if (!file) throw new Error('there is no such file');
      return new Uint8Array(await file.arrayBuffer());
    },
  };
}
