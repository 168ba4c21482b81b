import { element } from '../shared/element.ts';
import { type ChosenFolder, chosenFolder, droppedFolder } from './chosenFiles.ts';
import type { DatasetSummary, TrainingState } from './protocol.ts';

/** What is trained on: the built-in pictures, or a folder that is chosen or dropped. */
export class PictureChoice {
  private readonly problems: HTMLElement;

  constructor(
    private readonly panel: HTMLDialogElement,
    onBuiltIn: () => void,
    private readonly onFolder: (folder: ChosenFolder) => void,
  ) {
    this.problems = element('.problems', panel);
    element('[data-action=builtIn]', panel).addEventListener('click', () => {
      this.problems.hidden = true;
      onBuiltIn();
    });
    const input = element<HTMLInputElement>('.folder input', panel);
    input.addEventListener('change', () => {
      this.take(chosenFolder(input.files ?? []));
      input.value = ''; // so that the same folder can be chosen again
    });
    this.acceptDrops();
  }

  show({ status, dataset }: TrainingState): void {
    element('[data-training=dataset]', this.panel).textContent = dataset
      ? sentenceOf(dataset)
      : 'What shall it learn to paint?';
    element('[data-training=choices]', this.panel).hidden = status !== 'empty' && status !== 'ready';
  }

  /** Tells all that is wrong with a folder. */
  showProblems(name: string, problems: readonly string[]): void {
    const count = problems.length === 1 ? 'One thing is' : `${problems.length} things are`;
    element('p', this.problems).textContent = `${count} wrong with “${name}”; nothing has changed:`;
    const lines = problems.map((problem) => {
      const line = document.createElement('li');
      line.textContent = problem;
      return line;
    });
    element('ul', this.problems).replaceChildren(...lines);
    this.problems.hidden = false;
  }

  private take(folder: ChosenFolder): void {
    this.problems.hidden = true;
    if (folder.files.length === 0) this.showProblems(folder.name, ['there are no files in it']);
    else this.onFolder(folder);
  }

  /** While the panel is open the whole page takes a drop, which the browser would else open in its place. */
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
      const reading = droppedFolder(event.dataTransfer?.items ?? []);
      reading.then(
        (folder) => this.take(folder),
        (error) => this.showProblems('what was dropped', [String(error)]),
      );
    });
  }
}

function sentenceOf({ name, isBuiltIn, labels, numImages, widthPx, heightPx }: DatasetSummary): string {
  const words = labels.map((label) => label.replaceAll('_', ' ')).join(', ');
  return `${isBuiltIn ? 'The built-in' : 'Your'} ${name}: ${words}; ${numImages} pictures of ${widthPx}×${heightPx} px.`;
}
