import { labelWords } from '../shared/labelWords.ts';
import { Newest } from '../shared/newest.ts';
import { create, element } from '../shared/page.ts';
import type { DatasetSummary, FolderFile, TrainingState } from './protocol.ts';

/** The choice of pictures to train on: the built-in ones, or a folder that is chosen or dropped. */
export class PictureChoice {
  private readonly problems: HTMLElement;
  private readonly choices = new Newest();
  private warned = '';

  constructor(
    private readonly panel: HTMLDialogElement,
    onBuiltIn: () => void,
    private readonly onFolder: (folder: ChosenFolder) => void,
  ) {
    this.problems = element('.problems', panel);
    element('[data-action=builtIn]', panel).addEventListener('click', () => {
      this.choices.ask();
      this.problems.hidden = true;
      onBuiltIn();
    });
    const input = element<HTMLInputElement>('.folder input', panel);
    input.addEventListener('change', () => {
      this.choices.ask();
      this.take(chosenFolder(input.files ?? []));
      input.value = ''; // so that the same folder can be chosen again
    });
    this.acceptDrops();
  }

  show({ status, dataset }: TrainingState): void {
    element('[data-training=dataset]', this.panel).textContent = dataset
      ? sentenceOf(dataset)
      : 'What shall it learn to paint?';
    this.showWarnings(dataset?.warnings ?? []);
    element('[data-training=choices]', this.panel).hidden = status !== 'empty' && status !== 'ready';
  }

  /** Writes the warnings once, since screen readers say again what is written again. */
  private showWarnings(warnings: readonly string[]): void {
    if (warnings.join() === this.warned) return;
    this.warned = warnings.join();
    const lines = warnings.map((sentence) => create('li', { textContent: sentence }));
    element('.warnings', this.panel).replaceChildren(...lines);
  }

  /** Shows everything that is wrong with a folder. */
  showProblems(name: string, problems: readonly string[]): void {
    const count = problems.length === 1 ? 'One thing is' : `${problems.length} things are`;
    element('p', this.problems).textContent = `${count} wrong with “${name}”; nothing has changed:`;
    const lines = problems.map((problem) => create('li', { textContent: problem }));
    element('ul', this.problems).replaceChildren(...lines);
    this.problems.hidden = false;
  }

  private take(folder: ChosenFolder): void {
    this.problems.hidden = true;
    if (folder.files.length === 0) this.showProblems(folder.name, ['there are no files in it']);
    else this.onFolder(folder);
  }

  /** A dropped folder with many files is read slowly: it does not take the place of what is chosen meanwhile. */
  private async takeOnceRead(reading: Promise<ChosenFolder>): Promise<void> {
    const isNewest = this.choices.ask();
    try {
      const folder = await reading;
      if (isNewest()) this.take(folder);
    } catch (error) {
      if (isNewest()) this.showProblems('what was dropped', [String(error)]);
    }
  }

  /** While the panel is open, files may be dropped anywhere on the page; otherwise the browser would open them. */
  private acceptDrops(): void {
    const { panel } = this;
    addEventListener('dragover', (event) => {
      if (!panel.open) return;
      event.preventDefault();
      panel.toggleAttribute('data-dropping', true);
    });
    addEventListener('dragleave', (event) => {
      if (event.relatedTarget === null) panel.removeAttribute('data-dropping');
    });
    addEventListener('drop', (event) => {
      if (!panel.open) return;
      event.preventDefault();
      panel.removeAttribute('data-dropping');
      void this.takeOnceRead(droppedFolder(event.dataTransfer?.items ?? []));
    });
  }
}

/** The name of pictures that lie in no folder of their own. */
const LOOSE = 'pictures';

export function sentenceOf(dataset: Omit<DatasetSummary, 'warnings'>): string {
  const { name, isBuiltIn, labels, numImages, widthPx, heightPx } = dataset;
  const whose = isBuiltIn ? `The built-in ${name}` : name === LOOSE ? `Your ${name}` : `Your folder “${name}”`;
  const count = numImages === 1 ? '1 picture' : `${numImages} pictures`;
  return `${whose}: ${labels.map(labelWords).join(', ')}; ${count} of ${widthPx}×${heightPx} px.`;
}

interface ChosenFolder {
  name: string;
  files: FolderFile[];
}

/** A folder chosen with `<input type="file" webkitdirectory>`: each file knows its path, which begins with the folder's name. */
export function chosenFolder(files: Iterable<File>): ChosenFolder {
  const found = Array.from(files, (file) => ({ path: file.webkitRelativePath || file.name, file }));
  return belowRoot(found);
}

/** All files that were dropped onto the page, those in dropped folders included. */
export async function droppedFolder(items: Iterable<DataTransferItem>): Promise<ChosenFolder> {
  // This happens before any await, because the browser empties the list when the event is over.
  const entries = Array.from(items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const found = (await Promise.all(entries.map(filesOf))).flat();
  return belowRoot(found);
}

/** When all files lie in one folder with folders in it, that folder is the data set, and paths begin below it. */
function belowRoot(found: FolderFile[]): ChosenFolder {
  const roots = new Set(found.map(({ path }) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '')));
  const [root = ''] = roots;
  const isDataset = roots.size === 1 && root !== '' && found.some(({ path }) => path.split('/').length > 2);
  if (!isDataset) return { name: LOOSE, files: found };
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

/** Reads a folder to its end: a reader returns some entries at a time, and none when there are no more. */
async function entriesOf(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return all;
    all.push(...some);
  }
}
