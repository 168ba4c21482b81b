/** For how long a second press of a button counts as being sure. */
const SURE_MS = 6000;

/** Acts when a button is pressed twice: the first press has it ask the question, for as long as the second one counts. */
export function onSecondPress(button: HTMLElement, question: string, act: () => void): void {
  const words = button.textContent;
  let asking: ReturnType<typeof setTimeout> | undefined;
  const endAsking = () => {
    clearTimeout(asking);
    asking = undefined;
    button.textContent = words;
  };
  button.addEventListener('click', () => {
    const isSure = asking !== undefined;
    endAsking();
    if (isSure) return act();
    button.textContent = question;
    asking = setTimeout(endAsking, SURE_MS);
  });
}
