/** Lets a button be pressed, or not. It keeps the focus either way, which a button that is `disabled` loses. */
export function allowPress(button: HTMLElement, isAllowed: boolean): void {
  button.setAttribute('aria-disabled', String(!isAllowed));
}

/** Keeps presses of the buttons that may not be pressed from everything within. */
export function ignoreRefusedPresses(within: HTMLElement): void {
  const ignore = (event: Event) => {
    if (!(event.target as Element).closest('[aria-disabled=true]')) return;
    event.preventDefault(); // a form is not sent, either
    event.stopPropagation();
  };
  within.addEventListener('click', ignore, { capture: true });
}
