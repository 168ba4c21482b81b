// What earlier bakes left in an output folder: for each file, the key of its recipe and the hash of its content.
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as v from 'valibot';
import { writeFileAtomic } from '../node/atomicWrite.ts';

export interface FileRecord {
  key: string;
  sha256: string;
}

export interface Shard {
  index: number; // from 1
  count: number;
}

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const MANIFEST_SCHEMA = v.object({
  figment: v.literal(1),
  /** Where the bake file lies, as seen from the output folder. */
  of: v.optional(v.string()),
  files: v.record(v.string(), v.object({ key: hash, sha256: hash })),
});

/** Writing a large manifest takes time; it may take at most this share of a bake's time. */
const MAX_SHARE = 0.05;
const MIN_PAUSE_MS = 500;

/** The end of a bake file's name; those with comments may say so. */
export const BAKE_FILE = /\.jsonc?$/i;

/** `figment.bake.json` → `figment.bake.manifest.json`; a shard keeps one of its own. */
export function manifestName(bakeFile: string, shard?: Shard): string {
  const stem = basename(bakeFile).replace(BAKE_FILE, '');
  return `${stem}.manifest${shard ? `.${shard.index}-of-${shard.count}` : ''}.json`;
}

export class Manifest {
  readonly #folder: string;
  readonly #bakeFile: string;
  readonly #name: string;
  readonly #others: string[];
  readonly #files: Map<string, FileRecord[]>;
  readonly #origin: string;
  /** Where another bake file of the same name lies that has left it here, as seen from the folder; null where it is one's own. */
  readonly otherOrigin: string | null;
  #isChanged = false;
  #nextSave = 0;
  #saving: Promise<void> | null = null;

  private constructor(
    folder: string,
    bakeFile: string,
    name: string,
    others: string[],
    files: Map<string, FileRecord[]>,
    origin: string,
    otherOrigin: string | null,
  ) {
    this.#folder = folder;
    this.#bakeFile = bakeFile;
    this.#name = name;
    this.#others = others;
    this.#files = files;
    this.#origin = origin;
    this.otherOrigin = otherOrigin;
  }

  /**
   * Reads the manifest of a bake file and those that its shards have left. A damaged manifest counts as empty, so that
   * its files are baked again.
   *
   * @param origin where the bake file lies, as seen from the folder
   */
  static async open(folder: string, bakeFile: string, shard?: Shard, origin = bakeFile): Promise<Manifest> {
    const names = await readdir(folder).catch((): string[] => []);
    const shards = names.filter((name) => isShardOf(name, bakeFile)).sort();
    const files = new Map<string, FileRecord[]>();
    let otherOrigin: string | null = null;
    for (const name of [manifestName(bakeFile), ...shards]) {
      const { of = origin, files: known } = await readManifest(join(folder, name));
      if (of !== origin) otherOrigin = of;
      for (const [path, record] of Object.entries(known)) addRecord(files, path, record);
    }
    const own = manifestName(bakeFile, shard);
    return new Manifest(folder, bakeFile, own, shard ? [] : shards, files, origin, otherOrigin);
  }

  /** The files that other bake files have made in the same folder. */
  async pathsOfOthers(): Promise<Set<string>> {
    const names = await readdir(this.#folder).catch((): string[] => []);
    const others = names.filter((name) => MANIFEST_NAME.test(name) && !isManifestOf(name, this.#bakeFile));
    const manifests = await Promise.all(others.map((name) => readManifest(join(this.#folder, name))));
    return new Set(manifests.flatMap(({ files }) => Object.keys(files)));
  }

  /**
   * What is known of a file. There are several records where shards tell of different bakes, since each also keeps what it has
   * read in the others' manifests: whichever has the hash of the file as it is tells how that was made.
   */
  get(path: string): readonly FileRecord[] {
    return this.#files.get(path) ?? [];
  }

  paths(): string[] {
    return [...this.#files.keys()];
  }

  set(path: string, record: FileRecord): void {
    this.#files.set(path, [record]);
    this.#isChanged = true;
  }

  delete(path: string): void {
    this.#isChanged = this.#files.delete(path) || this.#isChanged;
  }

  /** Saves now and then, so that little has to be baked again after the process was killed. */
  async saveSometimes(): Promise<void> {
    if (this.#isChanged && !this.#saving && performance.now() >= this.#nextSave) await this.save();
  }

  /** Saves what has changed. There is one save at a time, since otherwise an older one could be the last to be written. */
  async save(): Promise<void> {
    while (this.#saving) await this.#saving;
    if (!this.#isChanged && this.#others.length === 0) return;
    this.#saving = this.#write().finally(() => {
      this.#saving = null;
    });
    await this.#saving;
  }

  async #write(): Promise<void> {
    const start = performance.now();
    this.#isChanged = false; // what is set from here on is for the next save
    const records = Array.from(this.#files, ([path, all]) => [path, all.at(-1)!] as const);
    const files = Object.fromEntries(records.sort(([a], [b]) => (a < b ? -1 : 1)));
    const text = `${JSON.stringify({ figment: 1, of: this.#origin, files }, null, 1)}\n`;
    try {
      await writeFileAtomic(join(this.#folder, this.#name), new TextEncoder().encode(text));
    } catch (error) {
      this.#isChanged = true;
      throw error;
    }
    for (const name of this.#others.splice(0)) await rm(join(this.#folder, name), { force: true });
    const end = performance.now();
    this.#nextSave = end + Math.max(MIN_PAUSE_MS, (end - start) / MAX_SHARE);
  }
}

function addRecord(files: Map<string, FileRecord[]>, path: string, record: FileRecord): void {
  const known = files.get(path) ?? [];
  const isNew = known.every(({ key, sha256 }) => key !== record.key || sha256 !== record.sha256);
  files.set(path, isNew ? [...known, record] : known);
}

/** The name of a manifest: of a bake file, or of a shard of it. */
export const MANIFEST_NAME = /^[^/\\]+\.manifest(\.\d+-of-\d+)?\.json$/;

function isManifestOf(name: string, bakeFile: string): boolean {
  return name === manifestName(bakeFile) || isShardOf(name, bakeFile);
}

function isShardOf(name: string, bakeFile: string): boolean {
  const prefix = manifestName(bakeFile).replace(/json$/, '');
  return name.startsWith(prefix) && /^\d+-of-\d+\.json$/.test(name.slice(prefix.length));
}

async function readManifest(file: string): Promise<{ of?: string; files: Record<string, FileRecord> }> {
  try {
    const parsed = v.safeParse(MANIFEST_SCHEMA, JSON.parse(await readFile(file, 'utf8')));
    return parsed.success ? parsed.output : { files: {} };
  } catch {
    return { files: {} };
  }
}
