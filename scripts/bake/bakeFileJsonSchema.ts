import { join } from 'node:path';
import { toJsonSchema } from '@valibot/to-json-schema';
import { packageRoot } from '../node/packageRoot.ts';
import { BAKE_FILE_SCHEMA } from './bakeFileSchema.ts';

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
