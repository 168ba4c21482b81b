import { vi } from 'vitest';
import { createProgram } from '../cli/program.ts';

/** Runs a command of `figment`; returns what it prints. */
export async function printedBy(...words: string[]): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await createProgram().parseAsync(words, { from: 'user' });
    return log.mock.calls.map(([line]) => line).join('\n');
  } finally {
    log.mockRestore();
  }
}
