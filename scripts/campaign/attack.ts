import type { CaseDice } from './caseDice.ts';

/** Either what was asked for came, and is right, or a person is told what is wrong. */
export type Ending = 'correct' | 'refused';

/** One kind of hostile input or accident. */
export interface Attack {
  name: string;
  /** A case may take this long; it stands for the person who waits. */
  limitMs: number;
  /** Share of a campaign's time, beside those of the others. */
  weight: number;
  /** Gets ready; null where this machine lacks what the attack needs, such as a browser. */
  open(): Promise<OpenAttack | null>;
}

export interface OpenAttack {
  /**
   * Does one case, which the dice fix.
   *
   * @throws what the attacked code throws: the campaign judges whether it is friendly; FlawError when the result is wrong
   */
  attempt(dice: CaseDice): Promise<Ending>;
  close(): Promise<void>;
}

/** The attacked code gave a wrong result. */
export class FlawError extends Error {
  override readonly name = 'FlawError';
}

/** @throws FlawError unless the condition holds */
export function demand(condition: boolean, flaw: string): asserts condition {
  if (!condition) throw new FlawError(flaw);
}
