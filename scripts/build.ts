// npm run build: dist/, and what of it a page downloads.
import path from 'node:path';
import { buildPackage } from './buildPackage.ts';
import { packageRoot } from './io/packageRoot.ts';
import { formatSizes, measurePages } from './pageSizes.ts';

await buildPackage(path.join(packageRoot(), 'dist'));
console.log(formatSizes(await measurePages()));
