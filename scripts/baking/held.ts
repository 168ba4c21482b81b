import { loadModelFolder, type ModelFiles, type ModelPart } from '../../runtime/index.ts';
import { UsageError } from '../io/cliErrors.ts';
import { modelSource } from '../io/openModel.ts';

/** One network on the backend at a time, the one that was asked for last. */
export class Held<Network extends { hash: string; dispose(): void }> {
  #name = '';
  #network: Network | null = null;

  /** @param parts of the model folder that the network is built from; default: all of a diffusion model */
  constructor(
    private readonly build: (files: ModelFiles) => Network,
    private readonly parts?: readonly ModelPart[],
  ) {}

  /**
   * @param name what `modelSource` takes
   * @throws     UsageError when the files' hash is another
   */
  async open(name: string, hash: string, signal?: AbortSignal): Promise<Network> {
    if (this.#network && this.#name === name && this.#network.hash === hash) return this.#network;
    this.dispose();
    const { parts } = this;
    const files = await loadModelFolder(modelSource(name), { ...(parts && { parts }), ...(signal && { signal }) });
    if (files.hash !== hash) throw new UsageError(`bake: the model ${name} has changed meanwhile; bake again`);
    this.#name = name;
    this.#network = this.build(files);
    return this.#network;
  }

  dispose(): void {
    this.#network?.dispose();
    this.#network = null;
  }
}
