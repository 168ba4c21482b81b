/** Puts a text on the clipboard; a sentence that says how it went, with the text where the browser does not allow it. */
export async function copied(text: string, what: string): Promise<string> {
  const copying = navigator.clipboard?.writeText(text) ?? Promise.reject();
  return copying.then(
    () => `${what} is on the clipboard.`,
    () => `The browser keeps its clipboard closed. ${what}: ${text}`,
  );
}

/** Saves a canvas as it is, one pixel a pixel. */
export async function downloadPng(canvas: HTMLCanvasElement, name: string): Promise<void> {
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (!blob) return;
  saveBlob(blob, name);
}

/** Saves bytes as a file of the visitor's. */
export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}
