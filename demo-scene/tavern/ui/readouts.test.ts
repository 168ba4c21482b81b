// The line that says what the tavern waits for, with as much of a page as it needs.
import { afterEach, expect, it, vi } from 'vitest';
import { ProgressLine } from './readouts.ts';

/** A part of the page that notes each text that is written into it. */
class FakeElement {
  readonly written: string[] = [];
  get textContent(): string {
    return this.written.at(-1) ?? '';
  }
  set textContent(text: string) {
    this.written.push(text);
  }
  querySelector(): FakeElement {
    return new FakeElement();
  }
}

afterEach(() => vi.unstubAllGlobals());

it('has each part of the work read out once, however often its numbers change', () => {
  const forReaders = new FakeElement();
  const querySelector = (selector: string) => (selector === '[data-progress]' ? forReaders : new FakeElement());
  vi.stubGlobal('document', { querySelector });
  const line = new ProgressLine();
  for (const bytes of [0, 1e6, 2e6]) line.loading('portraits', bytes, 2e6);
  for (const numDone of [0, 1, 2]) line.portraits(numDone, 2);
  line.loading('items', 1, undefined);
  for (const numLeft of [2, 1, 0]) line.painting('items', numLeft);
  line.end('Everybody is here.');
  expect(forReaders.written).toEqual([
    'Fetching the portraits',
    'Painting the portraits',
    'Fetching the items',
    'Painting the items',
    'Everybody is here.',
  ]);
});
