import { varyRecipe } from '../../../plugin/index.ts';
import { element } from '../../shared/page.ts';
import { lineOf, type Phrase, spoken } from '../people/lines.ts';
import { expressionsOf, type Sitter } from '../people/sitter.ts';

/** Milliseconds from letter to letter, and the longer rest after a phrase. */
const LETTER_MS = 38;
const REST_MS = 650;
/** The mouth opens or closes after so many letters. */
const LETTERS_A_SYLLABLE = 6;
/** The expression in which a mouth is the other way, open or closed, of each that people speak with. */
const OTHER_MOUTH: Readonly<Record<string, string>> = {
  neutral: 'happy',
  happy: 'grin',
  grin: 'happy',
  sad: 'neutral',
  angry: 'neutral',
  surprised: 'neutral',
};

/** The pictures of a line while they are made. */
interface Faces {
  /** The expressions of which there is a picture; it grows. */
  ready: ReadonlySet<string>;
  /** Resolves with the first of them. */
  first: Promise<unknown>;
}

/** A part of a line, from letter to letter. */
interface SpokenPhrase {
  sitter: Sitter;
  expression: string;
  text: string;
  from: number;
  to: number;
  ready: ReadonlySet<string>;
}

/** Lets the sitter on the card speak: a line appears letter by letter, and the face goes with it. */
export class Talk {
  private readonly line = element('#card .greeting');
  private readonly forReaders = element('#card [data-spoken]');
  private speaking: AbortController | null = null;
  private numSpoken = 0;
  private speaker: Sitter | null = null;

  get isSpeaking(): boolean {
    return this.speaking !== null;
  }

  /** Shows what somebody says without speaking it. */
  show(sitter: Sitter): void {
    if (this.isSpeaking) return;
    if (sitter !== this.speaker) [this.speaker, this.numSpoken] = [sitter, 0];
    this.line.textContent = sitter.words;
  }

  /**
   * Makes the pictures that the next line needs, one after the other, so that they are there when it is spoken.
   *
   * @param signal takes those back that are not made yet
   */
  prepare(sitter: Sitter, priority: number, signal: AbortSignal): Faces {
    const { recipe, artist } = sitter;
    const known = expressionsOf(sitter);
    const ready = new Set<string>();
    const making = facesOf(this.nextLine(sitter)).flatMap((expression) => {
      if (!known.includes(expression)) return [];
      const asked = { ...varyRecipe(recipe, { expression }), priority, signal };
      return artist!.generator.generatePixelsAsync(asked).then(
        () => ready.add(expression),
        () => {}, // nobody listens any more, or the model is gone; the line is spoken without this face
      );
    });
    return { ready, first: making[0] ?? Promise.resolve() };
  }

  /** Speaks the next line. It settles at its end, or when `stop` is called. */
  async speakAsync(sitter: Sitter): Promise<void> {
    void this.stop();
    const speaking = new AbortController();
    this.speaking = speaking;
    const line = this.nextLine(sitter);
    const text = spoken(line);
    this.forReaders.textContent = text;
    try {
      const { ready, first } = this.prepare(sitter, 1, speaking.signal);
      await first;
      let from = 0;
      for (const [i, { expression, text: words }] of line.entries()) {
        const to = i === line.length - 1 ? text.length : text.indexOf(words) + words.length;
        await this.speakPhrase({ sitter, expression, text, from, to, ready }, speaking.signal);
        from = to;
      }
      if (!speaking.signal.aborted) this.numSpoken++;
    } finally {
      if (this.speaking === speaking) {
        this.speaking = null;
        this.line.textContent = text;
        await sitter.expressAsync?.(null);
      }
    }
  }

  /** Falls silent at once. It resolves when the face is calm again, or when another picture was asked for. */
  async stop(): Promise<void> {
    const { speaking, speaker } = this;
    if (!speaking) return;
    this.speaking = null;
    speaking.abort();
    await speaker?.expressAsync?.(null).catch(() => {});
  }

  private nextLine(sitter: Sitter): readonly Phrase[] {
    return lineOf(sitter.recipe.seed, sitter === this.speaker ? this.numSpoken : 0);
  }

  private async speakPhrase(phrase: SpokenPhrase, signal: AbortSignal): Promise<void> {
    const { sitter, expression, text, from, to, ready } = phrase;
    const face = async (isOther: boolean) => {
      const wished = isOther ? OTHER_MOUTH[expression]! : expression;
      if (ready.has(wished) && !signal.aborted) await sitter.expressAsync!(wished);
    };
    await face(false);
    if (signal.aborted) return; // the line on the card is somebody else's by now
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) {
      this.reveal(text, to);
      await rest((to - from) * LETTER_MS, signal);
    } else {
      for (let at = from; at <= to && !signal.aborted; at++) {
        this.reveal(text, at);
        const numLetters = at - from;
        if (numLetters % LETTERS_A_SYLLABLE === 0) await face(numLetters % (2 * LETTERS_A_SYLLABLE) > 0);
        await rest(LETTER_MS, signal);
      }
    }
    await face(false);
    await rest(REST_MS, signal);
  }

  /** Shows a line as far as it is spoken; the rest keeps its place. */
  private reveal(text: string, numLetters: number): void {
    const unspoken = document.createElement('span');
    unspoken.className = 'unspoken';
    unspoken.textContent = text.slice(numLetters);
    this.line.replaceChildren(text.slice(0, numLetters), unspoken);
  }
}

/** All expressions that a line is spoken with, in the order in which they are needed. */
function facesOf(line: readonly Phrase[]): string[] {
  return [...new Set(line.flatMap(({ expression }) => [expression, OTHER_MOUTH[expression]!]))];
}

function rest(durationMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, durationMs);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
