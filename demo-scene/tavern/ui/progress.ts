import { element } from '../../shared/element.ts';

const MEGABYTE = 1e6;

/** The line below the title: what the page is waiting for. */
export class ProgressLine {
  private readonly line = element('#progress');
  private readonly text = element('span', this.line);
  private readonly bar = element<HTMLProgressElement>('progress', this.line);

  /** @param what the model paints; @param totalBytes unknown where the server does not tell */
  loading(what: string, loadedBytes: number, totalBytes: number | undefined): void {
    const megabytes = (bytes: number) => (bytes / MEGABYTE).toFixed(1);
    const all = totalBytes ? ` of ${megabytes(totalBytes)}` : '';
    this.show(`Fetching the ${what}: ${megabytes(loadedBytes)}${all} MB`, totalBytes ? loadedBytes / totalBytes : 0);
  }

  /** How many portraits are finished. */
  portraits(numDone: number, numAll: number): void {
    this.show(`Painting portrait ${Math.min(numDone + 1, numAll)} of ${numAll}`, numDone / numAll);
  }

  painting(what: string): void {
    this.show(`Painting the ${what}`, 0);
    this.bar.hidden = true;
  }

  /** Says a last sentence, or nothing. */
  end(sentence = ''): void {
    this.show(sentence, 1);
    this.bar.hidden = true;
  }

  private show(text: string, share: number): void {
    this.text.textContent = text;
    this.bar.value = share;
    this.bar.hidden = false;
  }
}
