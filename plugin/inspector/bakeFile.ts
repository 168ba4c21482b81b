/** A choice that a bake file leaves: seeds for a label of an asset, as `figment pick` tells them. */
export interface PickGroup {
  asset: string;
  label: string;
  seeds: readonly number[];
}

/** The bake file that a local `figment pick` has open for this page (its option `--page`). */
export class BakeFile {
  /**
   * @param address of the server, such as `http://127.0.0.1:4848/`
   * @throws        RangeError for what is no address of the web
   */
  constructor(private readonly address: string) {
    if (/^https?:\/\/[^/]/i.test(address)) return;
    throw new RangeError(`pick: ${JSON.stringify(address)} is no address; expected one such as http://127.0.0.1:4848/`);
  }

  /** @throws Error saying how to start the server when it does not answer this page, or when something else does */
  async groupsAsync(): Promise<PickGroup[]> {
    const groups = groupsIn(await this.askAsync('groups.json'));
    if (groups) return groups;
    throw new Error(`pick: what answers at ${this.address} is no figment pick; start it: ${this.start}`);
  }

  /** Writes the seeds of an asset's label into the file. @throws Error with what the server says against it */
  async writeAsync({ asset, label, seeds }: PickGroup): Promise<void> {
    await this.askAsync('picks', { method: 'POST', body: JSON.stringify({ [asset]: { [label]: seeds } }) });
  }

  /**
   * Takes another seed instead of one, as `withSeed` does, in what the file has now: others may have chosen meanwhile.
   *
   * @returns the seeds of the asset's label then
   * @throws  Error with what the server says against it, or when the file has no such asset any more
   */
  async changeSeedAsync({ asset, label }: PickGroup, before: number | undefined, after: number): Promise<PickGroup> {
    const group = (await this.groupsAsync()).find((now) => now.asset === asset && now.label === label);
    if (!group) throw new Error(`pick: the bake file has no ${label} of ${asset} any more; open it again`);
    const changed = withSeed(group, before, after);
    await this.writeAsync(changed);
    return changed;
  }

  private async askAsync(path: string, init?: RequestInit): Promise<string> {
    const response = await fetch(new URL(path, this.address), init).catch((cause) => {
      throw new Error(`pick: nothing answers this page at ${this.address}; start it: ${this.start}`, { cause });
    });
    const text = await response.text();
    if (!response.ok) throw new Error(text);
    return text;
  }

  /** The command that starts the server for this page. */
  private get start(): string {
    return `npx figment pick FILE --port ${new URL(this.address).port} --page ${location.origin}`;
  }
}

/** Null where a text is no list of groups. */
function groupsIn(text: string): PickGroup[] | null {
  try {
    const groups: PickGroup[] = JSON.parse(text);
    const isGroup = ({ asset, label, seeds }: PickGroup) =>
      typeof asset === 'string' && typeof label === 'string' && Array.isArray(seeds);
    return groups.every(isGroup) ? groups : null;
  } catch {
    return null;
  }
}

/** Takes another seed instead of one, or besides the others where that one is not among them. */
export function withSeed(group: PickGroup, before: number | undefined, after: number): PickGroup {
  const isThere = before !== undefined && group.seeds.includes(before);
  const seeds = isThere ? group.seeds.map((seed) => (seed === before ? after : seed)) : [...group.seeds, after];
  return { ...group, seeds: [...new Set(seeds)] };
}
