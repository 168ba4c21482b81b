import { ModelFileError, messageOf } from '../core/errors.ts';

/** The part of Node's module `node:fs` that reads a file: this code runs in browsers too, which have no such module. */
interface Disk {
  promises: { readFile(address: URL): Promise<Uint8Array<ArrayBuffer>> };
}

/**
 * Fetches a file. One of the disk is read where this is Node, which fetches only from the web.
 *
 * @throws ModelFileError for an address that cannot be fetched here, now or later: one of the disk in a page, and one that is
 *         relative where there is no page
 */
export async function fetchFile(address: string, init?: RequestInit): Promise<Response> {
  const read = isOfDisk(address) ? await readFromDisk(address) : null;
  return (
    read ??
    fetch(address, init).catch((error) => {
      const problem = init?.signal?.aborted ? null : lastingProblem(address);
      throw problem ? new ModelFileError('urlSource', address, problem) : error;
    })
  );
}

const isOfDisk = (address: string) => address.startsWith('file:');

/** Why an address cannot be fetched here at all; null where the web may have it. */
function lastingProblem(address: string): string | null {
  if (isOfDisk(address))
    return 'the request failed: a page may not read from the disk; serve the folder by a web server, or give its files themselves';
  if (/^[a-z][a-z\d+.-]*:/i.test(address) || 'location' in globalThis) return null;
  return 'the request failed: the address is relative, and there is no page that it counts from; give a whole address, such as file:///… or https://…';
}

/** Null where there is no disk to read from. No bundler is to look for Node's module, so it is not imported. */
async function readFromDisk(address: string): Promise<Response | null> {
  const node = (globalThis as { process?: { getBuiltinModule?(name: string): Disk } }).process;
  const disk = node?.getBuiltinModule?.('node:fs');
  if (!disk) return null;
  try {
    return new Response(await disk.promises.readFile(new URL(address)));
  } catch (error) {
    if ((error as { code?: string }).code === 'ENOENT') return new Response(null, { status: 404 });
    throw new ModelFileError('urlSource', address, `could not be read (${messageOf(error)})`);
  }
}
