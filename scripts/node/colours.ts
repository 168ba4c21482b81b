import picocolors from 'picocolors';

/** Colours for a stream; plain text where it is piped, or where NO_COLOR asks for that. */
export function coloursFor(stream: NodeJS.WriteStream) {
  return picocolors.createColors(picocolors.isColorSupported && stream.isTTY === true);
}
