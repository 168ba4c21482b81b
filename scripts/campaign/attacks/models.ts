// Model and classifier folders of which one file is damaged or made to hurt.
import { INDEX_FILE } from '../../../runtime/core/fileNames.ts';
import {
  classifierFolderFiles,
  createConditionalVae,
  createModel,
  createNoisyClassifier,
  generate,
  loadClassifierFolder,
  loadModelFolder,
  memorySource,
  selectBackend,
} from '../../../runtime/index.ts';
import { tinyClassifierFiles, tinyModelFolder } from '../../../runtime/testing/tinyModel.ts';
import { type Attack, demand } from '../attack.ts';
import type { CaseDice } from '../caseDice.ts';
import { mutateBytes, mutateJsonFile } from '../mutate.ts';

type Files = Record<string, Uint8Array>;

/** How long somebody waits for a picture whose size the folder has chosen: then it is given up. */
const PATIENCE_MS = 500;

const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];

export const models: Attack = {
  name: 'model folders',
  limitMs: 2000,
  weight: 4,
  async open() {
    await selectBackend({ backend: 'wasm' });
    const plain = withoutDigests(await tinyModelFolder({ cvae: true }));
    const conditioned = withoutDigests(
      await tinyModelFolder({ attributes: { hair: ['red', 'black'], wear: { min: 0, max: 1 } } }),
    );
    const whole = await tinyModelFolder({ cvae: true });
    return {
      async attempt(dice) {
        const files = damage(dice, dice.pick([plain, conditioned, whole]));
        return dice.happens(0.2) && files['cvae/config.json'] ? useCvae(files) : useModel(files);
      },
      close: async () => {},
    };
  },
};

async function useModel(files: Files) {
  const model = createModel(await loadModelFolder(memorySource(files, 'hostile')));
  try {
    const { labels, figment } = model.index;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const onStep = () => new Promise<void>((resolve) => setImmediate(resolve));
    const [pixels] = await generate(model, [{ label: labels[0] ?? 'none', seed: 1 }], {
      numInferenceSteps: 2,
      signal,
      onStep,
    });
    demand(pixels!.length === 4 * figment.widthPx * figment.heightPx, `a picture of ${pixels!.length} bytes came`);
    return 'correct' as const;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'TimeoutError') return 'refused' as const;
    throw error;
  } finally {
    model.dispose();
  }
}

async function useCvae(files: Files) {
  const cvae = createConditionalVae(await loadModelFolder(memorySource(files, 'hostile'), { parts: ['cvae'] }));
  try {
    const [pixels] = await generate({ cvae }, [{ label: cvae.index.labels[0] ?? 'none', seed: 1 }], {
      pipeline: 'cvae',
    });
    const { widthPx, heightPx } = cvae.index.figment;
    demand(pixels!.length === 4 * widthPx * heightPx, `a picture of ${pixels!.length} bytes came`);
    return 'correct' as const;
  } finally {
    cvae.dispose();
  }
}

/** Without the digests, which would find out most of what is damaged. */
function withoutDigests(files: Files): Files {
  const { figment, ...index } = JSON.parse(decoder.decode(files[INDEX_FILE]));
  return { ...files, [INDEX_FILE]: encoder.encode(JSON.stringify({ ...index, figment: { ...figment, sha256: {} } })) };
}

function damage(dice: CaseDice, files: Files): Files {
  const path = dice.pick(Object.keys(files));
  const bytes = files[path]!;
  if (dice.happens(0.05)) return Object.fromEntries(Object.entries(files).filter(([name]) => name !== path));
  if (path.endsWith('.json')) return { ...files, [path]: mutateJsonFile(dice, bytes) };
  return { ...files, [path]: dice.happens(0.5) ? mutateBytes(dice, bytes) : mutateWeights(dice, bytes) };
}

/** A safetensors file with another header, or with values that overflow. */
function mutateWeights(dice: CaseDice, bytes: Uint8Array): Uint8Array {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (dice.happens(0.3)) {
    const damaged = bytes.slice();
    const values = new DataView(damaged.buffer);
    const value = dice.pick([3e38, -3e38, 1e20, 0]);
    for (let at = 8 + length; at + 4 <= damaged.length; at += 4) values.setFloat32(at, value, true);
    return damaged;
  }
  const header = mutateJsonFile(dice, bytes.subarray(8, 8 + length));
  const result = new Uint8Array(8 + header.length + bytes.length - 8 - length);
  new DataView(result.buffer).setBigUint64(0, BigInt(header.length), true);
  result.set(header, 8);
  result.set(bytes.subarray(8 + length), 8 + header.length);
  return result;
}

export const classifiers: Attack = {
  name: 'classifier folders',
  limitMs: 2000,
  weight: 1,
  async open() {
    await selectBackend({ backend: 'wasm' });
    const files = await classifierFolderFiles(tinyClassifierFiles(), { dtype: 'F32' });
    const model = createModel(await loadModelFolder(memorySource(await tinyModelFolder(), 'tiny')));
    return {
      async attempt(dice) {
        const damaged = damage(dice, files);
        const classifier = createNoisyClassifier(await loadClassifierFolder(memorySource(damaged, 'hostile')));
        try {
          const options = { numInferenceSteps: 2, classifier, classifierLabel: classifier.labels[0]! };
          const [pixels] = await generate(model, [{ label: 'elf', seed: 1 }], options);
          demand(pixels!.length === 16 * 16 * 4, 'the picture has another size');
          return 'correct';
        } finally {
          classifier.dispose();
        }
      },
      close: async () => model.dispose(),
    };
  },
};
