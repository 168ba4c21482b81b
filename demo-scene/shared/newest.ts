/** Knows what was asked for last, so that a slow answer does not take the place of a newer one. */
export class Newest {
  private numAsked = 0;

  /** Notes that something else is asked for. @returns tells whether that is still the newest */
  ask(): () => boolean {
    const asked = ++this.numAsked;
    return () => asked === this.numAsked;
  }
}
