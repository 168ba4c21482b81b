// npm run docs: the guide and the API reference, as a site that needs no server and no network.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { endWithError } from '../cli/endWithError.ts';
import { writeFilesAtomic } from '../node/atomicWrite.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { buildGuide, publicSources } from './buildGuide.ts';
import { clearSite } from './clearSite.ts';

interface DocsCommandOptions {
  out: string;
  api: boolean;
}

async function buildDocs({ out, api }: DocsCommandOptions): Promise<void> {
  clearSite(out);
  const files = buildGuide(api ? publicSources() : [], api);
  const encoder = new TextEncoder();
  const bytes = Object.entries(files).map(([address, content]): [string, Uint8Array] => [
    address,
    typeof content === 'string' ? encoder.encode(content) : content,
  ]);
  await writeFilesAtomic(out, Object.fromEntries(bytes));
  if (api) writeReference(path.join(out, 'api'));
  console.log(`docs: ${path.join(path.relative(process.cwd(), out), 'index.html')}`);
}

/** Runs typedoc, which brings a TypeScript of its own. */
function writeReference(out: string): void {
  const folder = path.join(packageRoot(), 'docs/api');
  const typedoc = path.join(folder, 'node_modules/typedoc/bin/typedoc');
  const options = ['--options', path.join(folder, 'typedoc.json'), '--out', out];
  execFileSync(process.execPath, [typedoc, ...options], { cwd: packageRoot(), stdio: 'inherit' });
  // typedoc writes the same links into all its pages, but those in the top folder lie one level higher.
  for (const file of readdirSync(out).filter((name) => name.endsWith('.html'))) {
    const page = readFileSync(path.join(out, file), 'utf8');
    writeFileSync(path.join(out, file), page.replaceAll('"../../', '"../'));
  }
}

await new Command('npm run docs --')
  .description('build the guide and the API reference')
  .option('--out <folder>', 'where to', path.join(packageRoot(), 'docs/site'))
  .option('--no-api', 'leave out the API reference, which takes most of the time')
  .action(buildDocs)
  .exitOverride()
  .parseAsync()
  .catch(endWithError);
