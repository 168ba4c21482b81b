/**
 * Takes no file that is dropped on the page, which the browser would otherwise open in the page's place.
 *
 * @param isTaken whether another part of the page takes files now
 */
export function refuseDrops(isTaken = () => false): void {
  for (const type of ['dragover', 'drop'] as const) {
    addEventListener(type, (event) => {
      if (isTaken() || !event.dataTransfer?.types.includes('Files')) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'none';
    });
  }
}
