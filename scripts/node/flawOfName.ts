// Names of files that are made of somebody's words, and have to hold on every system.

const MAX_LENGTH = 150;
/** File systems hold 255, of which a file takes some while it is written. */
const MAX_BYTES = 180;

/** Characters that some system forbids in file names, and halves of characters, of which all become the same file name. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const FORBIDDEN = /[\\/:*?"<>|\x00-\x1f\x7f\p{Cs}]/u;
/** Names that Windows reserves for devices, whatever their extension. */
const RESERVED = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\.|$)/i;

/** What is wrong with the name of a file on some system; undefined when nothing is. */
export function flawOfName(name: string): string | undefined {
  if (name === '') return 'a name is empty, or the path is absolute';
  if (name === '..' || name === '.') return `"${name}" would leave the folder`;
  if (FORBIDDEN.test(name)) return 'no slash, backslash, colon, quote, star or the like may be in a name';
  if (name.startsWith('.')) return 'a name may not begin with a dot';
  if (/[. ]$/.test(name) || name.startsWith(' '))
    return 'a name may neither begin nor end with a space, nor end with a dot';
  if (RESERVED.test(name)) return 'Windows keeps this name for a device';
  if (name.length > MAX_LENGTH) return `it is longer than ${MAX_LENGTH} characters`;
  if (Buffer.byteLength(name) > MAX_BYTES) return `it is longer than ${MAX_BYTES} bytes`;
  return undefined;
}
