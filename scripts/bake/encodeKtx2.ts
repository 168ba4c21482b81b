import { read, write } from 'ktx-parse';
import type { PixelImage } from '../../runtime/index.ts';
import { isMap, type Layer } from './bakePlan.ts';

/** «KTX 20», and line ends that a transfer as text would change. */
const IDENTIFIER = [0xab, 0x4b, 0x54, 0x58, 0x20, 0x32, 0x30, 0xbb, 0x0d, 0x0a, 0x1a, 0x0a];

/** Tells whether bytes are those of a KTX2 file, by the identifier with which every such file begins. */
export function isKtx2(bytes: Uint8Array): boolean {
  return IDENTIFIER.every((byte, i) => bytes[i] === byte);
}

/**
 * A KTX2 file with mip levels, which graphics cards read compressed: Basis Universal's UASTC, the better of its two
 * codecs, packed by Zstandard.
 *
 * @param text stored in the file as key and value
 */
export async function encodeKtx2(image: PixelImage, layer: Layer, text: Record<string, string>): Promise<Uint8Array> {
  const { encodeToKTX2 } = await import('ktx2-encoder'); // 3 MB of WebAssembly, loaded only where it is needed
  const isColour = !isMap(layer);
  const { width, height } = image;
  const onStarted = keepQuiet();
  try {
    const encoded = await encodeToKTX2(new Uint8Array(0), {
      isUASTC: true,
      needSupercompression: true,
      generateMipmap: true,
      isPerceptual: isColour,
      isSetKTX2SRGBTransferFunc: isColour,
      isNormalMap: !isColour, // by this alone the encoder averages numbers as they are in mip levels, and not as sRGB
      imageDecoder: async () => {
        onStarted();
        return { width, height, data: rgba(image) };
      },
    });
    const container = read(encoded);
    return write({ ...container, keyValue: { ...container.keyValue, ...text } });
  } finally {
    onStarted();
  }
}

let hasStarted = false;

/**
 * The encoder reports every slice through the `console.log` that it finds when it starts, at the first call. It gets one that
 * falls silent once it has started; what other code logs meanwhile is passed on.
 */
function keepQuiet(): () => void {
  if (hasStarted) return () => {};
  const { log } = console;
  console.log = (...words) => {
    if (!hasStarted) log(...words);
  };
  return () => {
    if (!hasStarted) console.log = log;
    hasStarted = true;
  };
}

function rgba({ pixels, channels }: PixelImage): Uint8Array {
  if (channels === 4) return new Uint8Array(pixels);
  const out = new Uint8Array((pixels.length / 3) * 4).fill(255);
  for (let from = 0, to = 0; from < pixels.length; from += 3, to += 4) {
    for (let c = 0; c < 3; c++) out[to + c] = pixels[from + c]!;
  }
  return out;
}
