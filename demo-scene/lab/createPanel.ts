import GUI, { NumberController } from 'lil-gui';

/**
 * Whether a finger on a slider may mean to scroll. lil-gui takes that to be so only where the panel itself scrolls, and otherwise
 * sets the number as soon as the slider is touched. In the lab it is always so, since the page scrolls.
 */
Object.defineProperty(NumberController.prototype, '_hasScrollBar', { value: true });

/** Makes a panel of lil-gui without the style sheet that comes with it. */
export function createPanel(container: HTMLElement, title: string): GUI {
  return new GUI({ container, title, injectStyles: false });
}
