import { once } from 'node:events';
import { interruptible } from '../node/interrupt.ts';
import type { Site } from '../node/serveSite.ts';
import { coloursFor } from '../node/terminal.ts';

/** Prints a site's address, opens it in the browser if wanted, and closes the site on Ctrl-C. */
export async function showSite(site: Site, title: string, hint: string, opens: boolean): Promise<void> {
  const { bold, dim } = coloursFor(process.stdout);
  try {
    console.log(`${title}: ${bold(site.url)}  ${dim(`(${hint})`)}`);
    if (opens) await openInBrowser(site.url);
    await interruptible(async (signal) => {
      if (!signal.aborted) await once(signal, 'abort');
    });
  } finally {
    await site.close();
  }
}

/** Does nothing where there is no screen or no browser starts; the address is on the terminal anyway. */
async function openInBrowser(url: string): Promise<void> {
  if (!hasScreen()) return;
  const { default: open } = await import('open');
  const browser = await open(url).catch(() => null);
  browser?.on('error', () => {});
}

function hasScreen(): boolean {
  const { CI, DISPLAY, WAYLAND_DISPLAY, SSH_CONNECTION, WSL_DISTRO_NAME } = process.env;
  if (CI || SSH_CONNECTION) return false;
  return process.platform !== 'linux' || Boolean(DISPLAY || WAYLAND_DISPLAY || WSL_DISTRO_NAME);
}
