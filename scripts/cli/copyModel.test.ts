import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { copyModels } from './copyModel.ts';

it('asks for the folder where a model stands in its place', async () => {
  await expect(copyModels(['portraits', 'characters'])).rejects.toThrow(
    /models copy: characters is a model; name at last the folder to copy to/,
  );
  expect(existsSync('characters')).toBe(false);
  await expect(copyModels(['portraits'])).rejects.toThrow(/portraits is the only argument/);
});
