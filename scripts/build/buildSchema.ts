// npm run build:schema: the JSON schema of bake files, with which editors complete and check them.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { BAKE_FILE_SCHEMA } from '../bake/bakeFileSchema.ts';
import { packageRoot } from '../node/packageRoot.ts';

/** The published JSON schema of bake files. */
export const BAKE_SCHEMA_FILE = join(packageRoot(), 'assets/schema/figment.bake.schema.json');

/** What `npm run build:schema` writes to that file. */
export function bakeFileJsonSchema(): string {
  const schema = {
    title: 'Figment bake file',
    ...toJsonSchema(BAKE_FILE_SCHEMA, { errorMode: 'throw', typeMode: 'input' }),
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

if (process.argv[1] === import.meta.filename) {
  await mkdir(dirname(BAKE_SCHEMA_FILE), { recursive: true });
  await writeFile(BAKE_SCHEMA_FILE, bakeFileJsonSchema());
}
