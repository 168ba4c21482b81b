// The picture of the three pipelines, beside each other.
import { type DiffusionModel, generate, loadModelFolder } from '../../../runtime/index.ts';
import { buildCvae, modelSource } from '../../node/openModel.ts';
import { pictureRows } from './painting.ts';

const SEED = 1;
const LABELS = ['elf', 'goblin', 'human_female', 'vampire', 'human_elder', 'catfolk', 'demon', 'pirate', 'bearfolk'];

/** The same people in one pass of the conditional VAE, refined from there, and in the steps of the diffusion model alone. */
export async function pipelines(model: DiffusionModel): Promise<Uint8Array> {
  const cvae = buildCvae(await loadModelFolder(modelSource(model.index.figment.name), { parts: ['cvae'] }));
  const requests = LABELS.map((label, i) => ({ label, seed: SEED + i }));
  const rows: Uint8Array[][] = [];
  for (const pipeline of ['cvae', 'cvae+ddpm', 'ddpm'] as const) {
    rows.push(await generate({ model, cvae }, requests, { pipeline }));
  }
  cvae.dispose();
  return pictureRows(model, rows);
}
