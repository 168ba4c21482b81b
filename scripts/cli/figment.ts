#!/usr/bin/env node
// The command `figment`: exit code 0, 1 after a failure, 2 after a mistake in options or files, 130 after Ctrl-C, 143 after SIGTERM.
import { endWithError } from './endWithError.ts';
import { createProgram } from './program.ts';

const isDebugging = process.argv.includes('--debug') || process.env.FIGMENT_DEBUG === '1';
const end = (error: unknown) => endWithError(error, isDebugging);

// These come first: tfjs's wasm module adds handlers of its own that print its whole source.
process.on('uncaughtException', end).on('unhandledRejection', end);

// The program that reads our output may end first, as `head` does: that must not end a training or a bake.
const onWriteError = (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') end(error);
};
for (const stream of [process.stdout, process.stderr]) stream.on('error', onWriteError);

await createProgram().parseAsync().catch(end);
