import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { WEIGHTS_FILE } from '../../runtime/core/fileNames.ts';
import { tinyModelFolder } from '../../runtime/testing/tinyModel.ts';
import { readVae } from './readNetworks.ts';

it('names the weights that are missing, and opens no pipe', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'figment-networks-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const files = await tinyModelFolder();
  await mkdir(join(dir, 'vae'));
  await writeFile(join(dir, 'vae/config.json'), files['vae/config.json']!);
  await expect(readVae(dir)).rejects.toThrow(
    `train: there is no ${join(dir, 'vae', WEIGHTS_FILE)}; name a folder made by figment train`,
  );
  execFileSync('mkfifo', [join(dir, 'vae', WEIGHTS_FILE)]);
  await expect(readVae(dir)).rejects.toThrow(`${WEIGHTS_FILE}: expected a file`);
});

it('names the config of a network that is damaged', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'figment-networks-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const files = await tinyModelFolder();
  await mkdir(join(dir, 'vae'));
  await writeFile(join(dir, 'vae', WEIGHTS_FILE), files[`vae/${WEIGHTS_FILE}`]!);
  for (const config of ['{"latent_channels": ', '[]', '{"act_fn": "silu", "act_fn": "relu"}']) {
    await writeFile(join(dir, 'vae', 'config.json'), config);
    await expect(readVae(dir)).rejects.toThrow(
      /^loadModelFolder: .*config\.json: (expected|the name "act_fn" is used)/,
    );
  }
});
