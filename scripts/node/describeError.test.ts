import { readFile } from 'node:fs/promises';
import { CommanderError } from 'commander';
import { expect, it } from 'vitest';
import { MissingFileError } from '../../runtime/core/errors.ts';
import { DatasetError } from '../../runtime/dataset/dataset.ts';
import { indexOfLabel } from '../../runtime/recipe/label.ts';
import { describeError } from './describeError.ts';
import { InterruptError } from './interrupt.ts';
import { UsageError } from './usageError.ts';

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}

const LINES = Array.from({ length: 20 }, (_, i) => `${i}: ${'wrong '.repeat(50)}`);
const LIST = LINES.join('\n');

it.each([
  ['a usage error', new UsageError('bake: no'), 2, 'bake: no'],
  ['a missing model file', new MissingFileError('load', 'a/b', 'gone'), 2, 'load: a/b: gone'],
  ['a data set', new DatasetError('faces', ['empty']), 2, expect.stringContaining('faces')],
  ['an unknown label', thrownBy(() => indexOfLabel(['orc'], 'ork')), 2, expect.stringContaining('"orc"')],
  ['an engine error', thrownBy(() => new Array(-1)), 1, 'Invalid array length'],
  ['any other', new Error('broken'), 1, 'broken'],
  ['no error at all', 'text', 1, 'text'],
  ['help', new CommanderError(0, 'commander.help', 'help'), 0, ''],
  ['a wrong option', new CommanderError(1, 'commander.unknownOption', 'error'), 2, ''],
  ['Ctrl-C', new InterruptError('interrupted'), 130, 'interrupted'],
  [
    'what would steer the terminal',
    new Error('a\x1b]0;b\x07\u202ec\x9b2J\r\n\td'),
    1,
    'a\\u001b]0;b\\u0007\\u202ec\\u009b2J\n\td',
  ],
  ['a long message', new Error('x'.repeat(9000)), 1, `${'x'.repeat(2000)}…`],
  ['a long message of many lines', new Error('xyz\n'.repeat(900)), 1, `${'xyz\n'.repeat(500)}…`],
  ['a list of mistakes', new UsageError(LIST), 2, LIST],
  ['a list of mistakes in a data set', new DatasetError('faces', LINES), 2, new DatasetError('faces', LINES).message],
  ['a library within a usage error', new UsageError(`a\n${'x'.repeat(9000)}\nb`), 2, `a\n${'x'.repeat(2000)}…\nb`],
])('%s', (_, error, exitCode, message) => {
  expect(describeError(error)).toEqual({ exitCode, message });
});

it('takes a path that cannot be read for a mistake', async () => {
  const error = await readFile('no/such/file').catch((error) => error);
  expect(describeError(error).exitCode).toBe(2);
});
