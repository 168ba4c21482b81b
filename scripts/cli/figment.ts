#!/usr/bin/env node
import { describeError } from '../node/describeError.ts';
// The command `figment`: exit code 0, 1 after a failure, 2 after a mistake in options or files, 130 after Ctrl-C.
import { coloursFor } from '../node/terminal.ts';
import { createProgram } from './program.ts';

const isDebugging = process.argv.includes('--debug') || process.env.FIGMENT_DEBUG === '1';

function end(error: unknown): never {
  const { exitCode, message } = describeError(error);
  const { red } = coloursFor(process.stderr);
  if (message !== '') process.stderr.write(`${red(`error: ${message}`)}\n`);
  if (isDebugging && message !== '' && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  process.exit(exitCode);
}

// First, since tfjs's wasm module adds handlers that print its whole source.
process.on('uncaughtException', end).on('unhandledRejection', end);
await createProgram().parseAsync().catch(end);
