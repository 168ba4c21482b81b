// Starts bakeWorker.ts from source: Node 20 does not hand tsx's loader on to worker threads.
import { register } from 'tsx/esm/api';

register();
await import('./bakeWorker.ts');
