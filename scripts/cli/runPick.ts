import { existsSync } from 'node:fs';
import type { BackendName } from '../../runtime/index.ts';
import { openPainter } from '../bake/pick/candidatePainter.ts';
import { pickSite } from '../bake/pick/pickSite.ts';
import { serveOnPort } from '../node/serveOnPort.ts';
import { UsageError } from '../node/usageError.ts';
import { showSite } from './showSite.ts';

export interface PickCommandOptions {
  candidates: number;
  port?: number;
  /** The origin of another page that may choose. */
  page?: string;
  open: boolean;
  backend?: BackendName;
}

/** figment pick: serves the page on this machine alone until Ctrl-C. */
export async function runPick(
  file: string,
  { candidates, port, page, open, backend }: PickCommandOptions,
): Promise<void> {
  if (!existsSync(file)) throw new UsageError(`pick: there is no file ${file}`);
  const painter = await openPainter(backend);
  try {
    const otherPages = page === undefined ? [] : [page];
    const options = await pickSite(file, painter, candidates);
    const site = await serveOnPort({ ...options, otherPages }, port);
    await showSite(site, 'pick', 'Ctrl-C ends it', open);
  } finally {
    await painter.dispose();
  }
}
