// npm run build: makes dist/, and prints how much of it a page downloads.
import path from 'node:path';
import { packageRoot } from '../node/packageRoot.ts';
import { buildPackage } from './buildPackage.ts';
import { formatSizes, measurePages } from './pageSizes.ts';

await buildPackage(path.join(packageRoot(), 'dist'));
console.log(formatSizes(await measurePages()));
