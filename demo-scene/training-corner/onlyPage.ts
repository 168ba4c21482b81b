const LOCK = 'figment-training';
const PATIENCE_MS = 1500;

/**
 * Waits until no other page trains, because only one of them could store what it comes to. Where the browser refuses the lock,
 * as it does with site data blocked, there is no waiting: the store itself writes over nothing that another page has stored.
 *
 * @param locks  those of the browser; undefined where it has none
 * @param onWait called when another page has let this one wait for long
 */
export async function whenOnlyPage(locks: LockManager | undefined, onWait: () => void): Promise<void> {
  if (!locks) return;
  const waiting = setTimeout(onWait, PATIENCE_MS);
  try {
    await held(locks);
  } catch {
    // The lock is refused.
  } finally {
    clearTimeout(waiting);
  }
}

/** Resolves once this page holds the lock, which it does until it closes. */
function held(locks: LockManager): Promise<void> {
  return new Promise((resolve, reject) => {
    const holdForever = () => {
      resolve();
      return new Promise(() => {});
    };
    locks.request(LOCK, holdForever).catch(reject);
  });
}
