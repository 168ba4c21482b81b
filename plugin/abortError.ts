/** What a promise rejects with when its generator, scene or engine is disposed. */
export function abortError(message: string): DOMException {
  return new DOMException(message, 'AbortError');
}
