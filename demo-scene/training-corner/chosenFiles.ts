import type { FolderFile } from './protocol.ts';

export interface ChosenFolder {
  name: string;
  files: FolderFile[];
}

/** A folder chosen with `<input type="file" webkitdirectory>`: its files name their path, which begins with the folder. */
export function chosenFolder(files: Iterable<File>): ChosenFolder {
  const found = Array.from(files, (file) => ({ path: file.webkitRelativePath || file.name, file }));
  return belowRoot(found);
}

/** Folders and files dropped onto the page, with all that is in them. */
export async function droppedFolder(items: Iterable<DataTransferItem>): Promise<ChosenFolder> {
  // At once: the browser empties the list when the event is over.
  const entries = Array.from(items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found = (await Promise.all(entries.map(filesOf))).flat();
  return belowRoot(found);
}

/** Where all lie in one folder, it is the data set, and their paths begin below it. */
function belowRoot(found: FolderFile[]): ChosenFolder {
  const roots = new Set(found.map(({ path }) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '')));
  const [root = ''] = roots;
  const isDataset = roots.size === 1 && root !== '' && found.some(({ path }) => path.split('/').length > 2);
  if (!isDataset) return { name: 'dropped', files: found };
  return { name: root, files: found.map(({ path, file }) => ({ path: path.slice(root.length + 1), file })) };
}

async function filesOf(entry: FileSystemEntry): Promise<FolderFile[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path: entry.fullPath.replace(/^\//, ''), file }];
  }
  const inside = await entriesOf((entry as FileSystemDirectoryEntry).createReader());
  return (await Promise.all(inside.map(filesOf))).flat();
}

/** A reader hands out some entries at a time, none at the end. */
async function entriesOf(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
