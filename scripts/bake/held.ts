import { UsageError } from '../node/usageError.ts';

/** One network on the backend at a time, the one that was asked for last. */
export class Held<Files extends { hash: string }, Network extends { hash: string; dispose(): void }> {
  #name = '';
  #network: Network | null = null;

  /** @param read reads the files of a name */
  constructor(
    private readonly read: (name: string, signal?: AbortSignal) => Promise<Files>,
    private readonly build: (files: Files) => Network,
  ) {}

  /** @throws UsageError when the files' hash is another */
  async open(name: string, hash: string, signal?: AbortSignal): Promise<Network> {
    if (this.#network && this.#name === name && this.#network.hash === hash) return this.#network;
    this.dispose();
    const files = await this.read(name, signal);
    if (files.hash !== hash) throw new UsageError(`bake: ${name} has changed meanwhile; bake again`);
    this.#name = name;
    this.#network = this.build(files);
    return this.#network;
  }

  dispose(): void {
    this.#network?.dispose();
    this.#network = null;
  }
}
