import type GUI from 'lil-gui';

/** Tells the first change of a panel's control from those that go on from it, while it is dragged or typed in. */
export class Adjusting {
  #isOn = false;

  constructor(gui: GUI) {
    gui.onFinishChange(() => {
      this.#isOn = false;
    });
  }

  /** To be asked once for each change. @returns whether it is the first */
  begins(): boolean {
    const isFirst = !this.#isOn;
    this.#isOn = true;
    return isFirst;
  }
}

/** Ends what is being typed: its field shows the number that counts now, and what is typed there next goes on from none before. */
export function endTyping(): void {
  const field = document.activeElement;
  if (!(field instanceof HTMLInputElement)) return;
  field.blur();
  field.focus({ preventScroll: true });
}
