import { expect, it } from 'vitest';
import { MissingFileError, ModelFileError } from '../index.ts';
import { heardError, sentError } from './workerErrors.ts';

it.each([
  new ModelFileError('createModel', 'models/elves/unet/config.json', 'is damaged'),
  new MissingFileError('loadModelFolder', 'models/elves/vae/config.json', 'there is no such file'),
  new RangeError('generate: seed is -1'),
  new Error('no memory'),
])('leaves a worker as it was thrown: %s', (error) => {
  const heard = heardError(structuredClone(sentError(error)));
  expect(heard.constructor).toBe(error.constructor);
  expect({ ...heard, name: heard.name, message: heard.message }).toEqual({
    ...error,
    name: error.name,
    message: error.message,
  });
});
