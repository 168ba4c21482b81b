// npm run bench:gpu: what pictures take on the GPU of this machine, in Node or in a page of a browser; JSON to be pasted.
import path from 'node:path';
import { Command } from 'commander';
import { encodeJson } from '../../runtime/core/encodeJson.ts';
import { createModel, generate, loadModelFolder, modelInfo, tuneRecordings } from '../../runtime/index.ts';
import { endWithError } from '../cli/endWithError.ts';
import { wholeNumber } from '../cli/optionParsers.ts';
import { showSite } from '../cli/showSite.ts';
import { writeFileAtomic } from '../node/atomicWrite.ts';
import { openNodeBackend } from '../node/nodeBackend.ts';
import { modelSource } from '../node/openModel.ts';
import { packageRoot } from '../node/packageRoot.ts';
import { serveSite } from '../node/serveSite.ts';
import { startProgress } from '../node/terminal.ts';
import { UsageError } from '../node/usageError.ts';
import { bundlePage } from '../testing/bundlePage.ts';
import { batchTimes } from './batchTimes.ts';

interface BenchGpuCommandOptions {
  model: string;
  counts: number[];
  steps?: number;
  backend: 'webgpu' | 'wasm';
  out?: string;
  page?: boolean;
  open: boolean;
}

function countList(text: string): number[] {
  return text.split(',').map((count) => wholeNumber(1, 10_000)(count));
}

async function inNode({ model: name, counts, steps, backend, out }: BenchGpuCommandOptions): Promise<void> {
  const choice = await openNodeBackend(backend).catch((error: Error) => {
    throw new UsageError(`bench:gpu: ${error.message}; --page measures in a browser instead`);
  });
  const model = createModel(await loadModelFolder(modelSource(name)));
  const { labels, sampleDefaults } = modelInfo(model);
  const numInferenceSteps = steps ?? sampleDefaults.numInferenceSteps;
  const progress = startProgress('bench:gpu');
  const make = (requests: Parameters<typeof generate>[1]) => generate(model, requests, { numInferenceSteps });
  await make([{ label: labels[0]!, seed: 0 }]);
  await tuneRecordings();
  const msPerPicture = await batchTimes(counts, labels, make, (share, count) => {
    progress.update(share, `${count} at once`);
  }).finally(() => progress.stop());
  const { guidanceScale } = sampleDefaults;
  const where = `Node ${process.versions.node}`;
  const device = choice.adapter ?? choice.backend;
  const measured = {
    device,
    where,
    backend: choice.backend,
    model: name,
    numInferenceSteps,
    guidanceScale,
    msPerPicture,
  };
  console.log(JSON.stringify(measured, null, 2));
  if (out) await writeFileAtomic(out, encodeJson(measured));
  model.dispose();
  choice.release();
}

/** Serves the page, which measures frames besides, until Ctrl-C. */
async function inPage({ model, counts, open }: BenchGpuCommandOptions): Promise<void> {
  const module = 'plugin/testing/frames/gpuPage.ts';
  const asked = new URLSearchParams({ model: `models/${model}/`, counts: String(counts) });
  const folders = { '/models/': path.join(packageRoot(), 'assets/models') };
  const site = await serveSite({ files: await bundlePage(module), folders });
  await showSite({ ...site, url: `${site.url}?${asked}` }, 'The page that measures', 'Ctrl-C closes it', open);
}

await new Command('bench:gpu')
  .description('time pictures on the GPU, one and many at once, and print the result as JSON')
  .option('--model <name>', 'a shipped model or a folder', 'portraits')
  .option('--counts <list>', 'how many pictures at once, separated by commas', countList, [1, 8, 32, 1000])
  .option('--steps <n>', "denoising steps; default: the model's", wholeNumber(1, 1000))
  .option('--backend <name>', 'webgpu, or wasm to compare with', 'webgpu')
  .option('--out <file>', 'write the JSON here, too')
  .option('--page', 'serve a page that measures in the browser that opens it, its frames included')
  .option('--no-open', 'with --page: print the address without opening a browser')
  .exitOverride()
  .action((options: BenchGpuCommandOptions) => (options.page ? inPage(options) : inNode(options)))
  .parseAsync()
  .catch(endWithError);
