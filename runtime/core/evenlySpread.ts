/** So many of a list, evenly spread from its first on; of a list with fewer, some come several times. */
export function evenlySpread<T>(list: ArrayLike<T>, count: number): T[] {
  return Array.from({ length: count }, (_, i) => list[Math.floor((i * list.length) / count)]!);
}
