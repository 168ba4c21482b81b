import sharp from 'sharp';

export const FRAMES_PER_SECOND = 8;

/** Widths to try, until the film is small enough. */
const WIDTHS_PX = [720, 640, 560, 480, 400, 320, 240, 160];

/**
 * A film as an animated GIF that plays for ever, as wide as its size allows.
 *
 * @param frames   PNG files of one size
 * @param maxBytes the size that it may have
 * @throws         Error when the film is too long for that size
 */
export async function encodeFilm(frames: readonly Uint8Array[], maxBytes: number): Promise<Uint8Array> {
  for (const width of WIDTHS_PX) {
    const gif = await encode(frames, width);
    if (gif.length <= maxBytes) return gif;
  }
  const smallest = WIDTHS_PX.at(-1);
  throw new Error(`encodeFilm: ${frames.length} frames take over ${maxBytes} bytes at ${smallest} px; film fewer`);
}

async function encode(frames: readonly Uint8Array[], width: number): Promise<Uint8Array> {
  const resized = await Promise.all(
    frames.map((frame) =>
      sharp(frame).resize({ width, withoutEnlargement: true }).png({ compressionLevel: 1 }).toBuffer(),
    ),
  );
  return sharp(resized, { join: { animated: true } })
    .gif({
      loop: 0,
      delay: frames.map(() => 1000 / FRAMES_PER_SECOND),
      colours: 128,
      dither: 0.4,
      interFrameMaxError: 8,
    })
    .toBuffer();
}
