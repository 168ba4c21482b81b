type Disposable = { dispose(): void };

/**
 * Makes several things that belong together. When one fails, the others are given up at once, and none is left.
 *
 * @param begin begins to make them; the signal says when to give up
 * @throws      what the first that failed has thrown
 */
export async function allOrNoneAsync<Making extends readonly Promise<Disposable>[]>(
  signal: AbortSignal | undefined,
  begin: (signal: AbortSignal) => Making,
): Promise<{ -readonly [I in keyof Making]: Awaited<Making[I]> }> {
  const end = new AbortController();
  const making = begin(signal ? AbortSignal.any([end.signal, signal]) : end.signal);
  try {
    return await Promise.all(making);
  } catch (error) {
    end.abort(error);
    for (const made of await Promise.allSettled(making)) if (made.status === 'fulfilled') made.value.dispose();
    throw error;
  }
}
