import { vi } from 'vitest';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';

/** Serves the tiny model below some addresses, and tells which of them were asked for. */
export async function serveTiny(...folders: string[]): Promise<string[]> {
  const files = await tinyModelFolder();
  const asked: string[] = [];
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input) => {
    const address = String(input);
    asked.push(address);
    const folder = folders.find((name) => address.startsWith(`${name}/`));
    const bytes = folder === undefined ? undefined : files[address.slice(folder.length + 1)];
    return new Response((bytes ?? null) as BodyInit | null, { status: bytes ? 200 : 404 });
  });
  return asked;
}
