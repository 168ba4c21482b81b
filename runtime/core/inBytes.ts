/** Values as bytes from −127 to 127, in units of `unit`. */
export interface InBytes {
  bytes: Uint8Array;
  unit: number;
}

const LARGEST = 127;

/** Values rounded to a byte each, of which the largest is 127 units. */
export function toBytes(values: Float32Array): InBytes {
  const unit = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / LARGEST || 1;
  const rounded = Int8Array.from(values, (value) => Math.round(value / unit));
  return { bytes: new Uint8Array(rounded.buffer), unit };
}

/** The values again, within half a unit. */
export function ofBytes({ bytes, unit }: InBytes): Float32Array {
  return Float32Array.from(new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length), (byte) => byte * unit);
}
