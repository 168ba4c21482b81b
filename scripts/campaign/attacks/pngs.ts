// PNG files with damaged bytes, and with damaged chunks whose checksums are right.
import { crc32 } from 'node:zlib';
import { decodePng, encodePng } from '../../node/png.ts';
import { type Attack, demand } from '../attack.ts';
import type { CaseDice } from '../caseDice.ts';
import { mutateBytes } from '../mutate.ts';

export const pngs: Attack = {
  name: 'PNG files',
  limitMs: 2000,
  weight: 1,
  async open() {
    const files = ([3, 4] as const).map((channels) => {
      const pixels = Uint8Array.from({ length: 24 * 16 * channels }, (_, i) => (i * i * 37) % 256);
      return encodePng({ width: 24, height: 16, channels, pixels, text: { figment: '{"seed":7}' } });
    });
    return {
      async attempt(dice) {
        const file = dice.pick(files);
        const bytes = dice.happens(0.3) ? mutateBytes(dice, file) : mutateChunk(dice, file);
        const { width, height, channels, pixels } = decodePng(bytes, 'hostile.png');
        demand(
          pixels.length === width * height * channels,
          `${pixels.length} bytes for ${width}x${height}x${channels}`,
        );
        return 'correct';
      },
      close: async () => {},
    };
  },
};

/** Damages one chunk, leaves one out or repeats one, and puts the checksum right. */
function mutateChunk(dice: CaseDice, file: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  for (let at = 8; at < file.length; at += 12 + view.getUint32(at))
    chunks.push(file.subarray(at, at + 12 + view.getUint32(at)));
  const index = dice.below(chunks.length);
  const chunk = chunks[index]!;
  const kind = dice.below(6);
  if (kind === 0) chunks.splice(index, 1);
  else if (kind === 1) chunks.splice(index, 0, chunk);
  else chunks[index] = chunkOf(chunk.subarray(4, 8), mutateBytes(dice, chunk.slice(8, -4)));
  return Buffer.concat([file.subarray(0, 8), ...chunks]);
}

function chunkOf(type: Uint8Array, data: Uint8Array): Uint8Array {
  const body = Buffer.concat([type, data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
