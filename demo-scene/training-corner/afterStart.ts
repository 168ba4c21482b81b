/**
 * Handles messages once the start has succeeded. Where it fails, that is told once, and messages are passed over: to answer
 * each of them with the same failure would help nobody.
 *
 * @returns takes a message; it never rejects
 */
export function afterStart<Message>(
  start: () => Promise<void>,
  handle: (message: Message) => void | Promise<void>,
  fail: (error: unknown) => void,
): (message: Message) => Promise<void> {
  const hasStarted = start().then(
    () => true,
    (error) => {
      fail(error);
      return false;
    },
  );
  return async (message) => {
    try {
      if (await hasStarted) await handle(message);
    } catch (error) {
      fail(error);
    }
  };
}
