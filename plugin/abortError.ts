/** The error with which a promise rejects when its generator, scene or engine is disposed. */
export function abortError(message: string): DOMException {
  return new DOMException(message, 'AbortError');
}

/** Whether something failed since it was given up; the reason of a signal may be anything. */
export function isAbort(error: unknown, signal?: AbortSignal): boolean {
  return signal?.aborted === true || (error as Error | null)?.name === 'AbortError';
}
