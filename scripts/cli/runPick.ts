import { existsSync } from 'node:fs';
import type { BackendName } from '../../runtime/index.ts';
import { openPainter } from '../bake/pick/candidatePainter.ts';
import { pickSite } from '../bake/pick/pickSite.ts';
import { serveSite } from '../node/serveSite.ts';
import { UsageError } from '../node/usageError.ts';
import { showSite } from './showSite.ts';

export interface PickOptions {
  candidates: number;
  port?: number;
  open: boolean;
  backend?: BackendName;
}

/** figment pick: serves the page on this machine alone until Ctrl-C. */
export async function runPick(file: string, { candidates, port, open, backend }: PickOptions): Promise<void> {
  if (!existsSync(file)) throw new UsageError(`pick: there is no file ${file}`);
  const painter = await openPainter(backend);
  try {
    const site = await serveSite({ ...(await pickSite(file, painter, candidates)), ...(port ? { port } : {}) });
    await showSite(site, 'pick', 'Ctrl-C ends it', open);
  } finally {
    await painter.dispose();
  }
}
