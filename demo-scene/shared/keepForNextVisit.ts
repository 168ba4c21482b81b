let isAsked = false;

/**
 * Has the browser keep what this page has loaded: the next visit fetches what has changed alone, and needs no network. To be
 * called when the page is ready, so that its own loading comes first; later calls do nothing.
 */
export async function keepForNextVisit(): Promise<void> {
  if (isAsked || !('serviceWorker' in navigator)) return; // browsers have it at safe addresses alone
  isAsked = true;
  try {
    await navigator.serviceWorker.register('serviceWorker.js');
    const { active } = await navigator.serviceWorker.ready;
    navigator.serviceWorker.addEventListener('message', () => {
      document.body.dataset.kept = 'true';
    });
    navigator.serviceWorker.startMessages();
    const loaded = performance.getEntriesByType('resource').map(({ name }) => name);
    active?.postMessage([location.href, ...loaded]);
  } catch {
    // A browser that keeps nothing shows the page all the same.
  }
}
