import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { openPainter } from '../bake/pick/candidatePainter.ts';
import { pickSite } from '../bake/pick/pickSite.ts';
import { interruptible } from '../node/interrupt.ts';
import { serveSite } from '../node/serveSite.ts';
import { coloursFor } from '../node/terminal.ts';
import { UsageError } from '../node/usageError.ts';
import { openPage } from './openPage.ts';
import type { PickOptions } from './pick.ts';

/** figment pick: serves the page on this machine alone until Ctrl-C. */
export async function runPick(file: string, { candidates, port, open, backend }: PickOptions): Promise<void> {
  if (!existsSync(file)) throw new UsageError(`pick: there is no file ${file}`);
  const { bold, dim } = coloursFor(process.stdout);
  const painter = await openPainter(backend);
  try {
    const site = await serveSite({ ...(await pickSite(file, painter, candidates)), ...(port ? { port } : {}) });
    try {
      console.log(`pick: ${bold(site.url)}  ${dim('(Ctrl-C ends it)')}`);
      if (open) await openPage(site.url);
      await interruptible(async (signal) => {
        if (!signal.aborted) await once(signal, 'abort');
      });
    } finally {
      await site.close();
    }
  } finally {
    await painter.dispose();
  }
}
