/** A part of a picture, as shares of its width and height. */
type Part = (x: number, y: number) => boolean;

/** A face is in the middle, below; what is above and beside it is hair, or a hat. */
const OF_PORTRAITS: Record<string, Part> = {
  Hair: (x, y) => y < 3 / 4 || x < 1 / 4 || x > 3 / 4,
  Face: (x, y) => y > 5 / 8 && x > 1 / 4 && x < 3 / 4,
};

const OF_OTHERS: Record<string, Part> = {
  'Upper half': (_, y) => y < 1 / 2,
  'Lower half': (_, y) => y > 1 / 2,
};

/** Masks that can be chosen for a model's pictures, by name. */
export function presetsFor(kind: string): Readonly<Record<string, Part>> {
  return kind === 'portraits' ? OF_PORTRAITS : OF_OTHERS;
}

/** A part as a mask: one byte a pixel, 255 where its middle is inside. */
export function maskOf(part: Part, widthPx: number, heightPx: number): Uint8Array {
  return Uint8Array.from({ length: widthPx * heightPx }, (_, i) => {
    const [x, y] = [i % widthPx, Math.floor(i / widthPx)];
    return part((x + 0.5) / widthPx, (y + 0.5) / heightPx) ? 255 : 0;
  });
}
