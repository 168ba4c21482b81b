/** The error with which a promise rejects when its generator, scene or engine is disposed. */
export function abortError(message: string): DOMException {
  return new DOMException(message, 'AbortError');
}
