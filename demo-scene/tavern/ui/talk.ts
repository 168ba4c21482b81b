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

  /** Makes the pictures that the next line needs, so that they are there when it is spoken. */
  prepare(sitter: Sitter, priority: number): Promise<unknown> {
    const { recipe, artist } = sitter;
    const faces = facesOf(this.nextLine(sitter), expressionsOf(sitter));
    return Promise.allSettled(
      [...faces].map((expression) => {
        return artist!.generator.generatePixelsAsync({ ...varyRecipe(recipe, { expression }), priority });
      }),
    );
  }

  /** Speaks the next line. It settles at its end, or when `stop` is called. */
  async speakAsync(sitter: Sitter): Promise<void> {
    this.stop();
    const speaking = new AbortController();
    this.speaking = speaking;
    const line = this.nextLine(sitter);
    const known = expressionsOf(sitter);
    const isStill = matchMedia('(prefers-reduced-motion: reduce)').matches;
    this.forReaders.textContent = spoken(line);
    const text = spoken(line);
    try {
      await this.prepare(sitter, 1);
      for (let from = 0, i = 0; i < line.length && !speaking.signal.aborted; i++) {
        const phrase = line[i]!;
        const to = i === line.length - 1 ? text.length : text.indexOf(phrase.text) + phrase.text.length;
        await this.speakPhrase(sitter, phrase, { text, from, to }, known, isStill, speaking.signal);
        from = to;
      }
      this.numSpoken++;
    } finally {
      if (this.speaking === speaking) {
        this.speaking = null;
        this.line.textContent = text;
        await sitter.expressAsync?.(null);
      }
    }
  }

  /** Falls silent at once; the face is calm again. */
  stop(): void {
    const { speaking, speaker } = this;
    if (!speaking) return;
    this.speaking = null;
    speaking.abort();
    speaker?.expressAsync?.(null).catch(() => {}); // a newer picture was asked for
  }

  private nextLine(sitter: Sitter): readonly Phrase[] {
    return lineOf(sitter.recipe.seed, sitter === this.speaker ? this.numSpoken : 0);
  }

  private async speakPhrase(
    sitter: Sitter,
    { expression }: Phrase,
    { text, from, to }: { text: string; from: number; to: number },
    known: readonly string[],
    isStill: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const faces = [expression, OTHER_MOUTH[expression] ?? expression].filter((face) => known.includes(face));
    const face = async (i: number) => {
      if (faces.length > 0) await sitter.expressAsync!(faces[i % faces.length]!);
    };
    await face(0);
    if (isStill) {
      this.reveal(text, to);
      return rest((to - from) * LETTER_MS + REST_MS, signal);
    }
    for (let at = from; at <= to && !signal.aborted; at++) {
      this.reveal(text, at);
      if ((at - from) % LETTERS_A_SYLLABLE === LETTERS_A_SYLLABLE - 1)
        await face(Math.floor((at - from) / LETTERS_A_SYLLABLE) + 1);
      await rest(LETTER_MS, signal);
    }
    await face(0);
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

/** All expressions that a line is spoken with, as far as they are known. */
function facesOf(line: readonly Phrase[], known: readonly string[]): Set<string> {
  const faces = line.flatMap(({ expression }) => [expression, OTHER_MOUTH[expression] ?? expression]);
  return new Set(faces.filter((face) => known.includes(face)));
}

function rest(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, durationMs);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
