/**
 * The length of one pixel of generated art in the room, in metres: the same on faces, guests and things, so that they are of
 * one hand. A face of 64 pixels is 0.9 m wide on its wall, and a thing of 32 pixels 0.45 m high on its table.
 */
export const ART_PIXEL_M = 0.014;

/** How many times a picture is to be enlarged, as pixel art is, so that its art pixels make it about so long. */
export function enlargementFor(lengthM: number, numPixels: number): 1 | 2 | 4 {
  const wished = Math.log2(lengthM / (ART_PIXEL_M * numPixels));
  return wished < 0.5 ? 1 : wished < 1.5 ? 2 : 4;
}
