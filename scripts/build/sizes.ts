// npm run sizes: what a page that generates downloads; exit code 1 when that is too much, or training code is among it.
import { flawsOf, formatSizes, measurePages } from './pageSizes.ts';

const pages = await measurePages();
console.log(formatSizes(pages));
for (const flaw of flawsOf(pages)) {
  console.error(`sizes: ${flaw}`);
  process.exitCode = 1;
}
