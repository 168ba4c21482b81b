/** Opens an address in the person's browser; nothing happens where no browser can be seen, or none starts. */
export async function openPage(url: string): Promise<void> {
  if (!hasScreen()) return;
  const { default: open } = await import('open');
  const browser = await open(url).catch(() => null);
  browser?.on('error', () => {}); // the address is on the terminal
}

function hasScreen(): boolean {
  const { CI, DISPLAY, WAYLAND_DISPLAY, SSH_CONNECTION, WSL_DISTRO_NAME } = process.env;
  if (CI || SSH_CONNECTION) return false;
  return process.platform !== 'linux' || Boolean(DISPLAY || WAYLAND_DISPLAY || WSL_DISTRO_NAME);
}
