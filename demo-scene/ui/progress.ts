import { element } from './element.ts';

const MEGABYTE = 1e6;

/** The line below the title: what the page is waiting for. */
export class ProgressLine {
  private readonly line = element('#progress');
  private readonly text = element('span', this.line);
  private readonly bar = element<HTMLProgressElement>('progress', this.line);

  /** @param totalBytes unknown where the server does not tell */
  loading(loadedBytes: number, totalBytes: number | undefined): void {
    const megabytes = (bytes: number) => (bytes / MEGABYTE).toFixed(1);
    const all = totalBytes ? ` of ${megabytes(totalBytes)}` : '';
    this.show(`Fetching the model: ${megabytes(loadedBytes)}${all} MB`, totalBytes ? loadedBytes / totalBytes : 0);
  }

  /** How many portraits are finished; the guests come after them. */
  painting(numDone: number, numAll: number): void {
    const text = numDone < numAll ? `Painting portrait ${numDone + 1} of ${numAll}` : 'Painting the guests';
    this.show(text, numDone / numAll);
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
