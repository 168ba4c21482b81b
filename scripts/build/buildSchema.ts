// npm run build:schema: the bake file's JSON schema, which editors complete and check by.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BAKE_SCHEMA_FILE, bakeFileJsonSchema } from '../bake/bakeFileJsonSchema.ts';

await mkdir(dirname(BAKE_SCHEMA_FILE), { recursive: true });
await writeFile(BAKE_SCHEMA_FILE, bakeFileJsonSchema());
