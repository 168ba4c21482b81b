// Starts gradientWorker.ts from source, since Node 20 does not hand tsx's loader on to worker threads. A run of the tests has
// built it, which starts sooner.
const built = process.env.FIGMENT_BUILT_SCRIPTS;
if (built) {
  await import(`${built}/gradientWorker.js`);
} else {
  (await import('tsx/esm/api')).register();
  await import('./gradientWorker.ts');
}
