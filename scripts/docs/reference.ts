// References of the guide to code: `runtime/diffusion/forward.ts#qSample`, resolved in the sources as they are.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { packageRoot } from '../node/packageRoot.ts';

export interface Reference {
  /** Relative to the repository. */
  file: string;
  name: string;
  /** From 1. */
  line: number;
  /** The declaration from its first line to its last, without the comment above. */
  code: string;
}

/**
 * Finds what a reference names: a function, constant, class, interface or type at the top level of a file.
 *
 * @param text file#name, the file relative to the repository
 * @throws     Error when the file or the name is no longer there
 */
export function resolveReference(text: string, root = packageRoot()): Reference {
  const [file, name] = text.split('#') as [string, string | undefined];
  if (!name || !/^[\w$]+$/.test(name)) throw new Error(`guide: reference "${text}" has no name; expected file#name`);
  const place = path.join(root, file);
  if (!existsSync(place)) throw new Error(`guide: ${file} is no longer there; correct the reference "${text}"`);
  const lines = readFileSync(place, 'utf8').split('\n');
  const declaration = new RegExp(
    `^(?:export )?(?:abstract |async )?(?:function\\*? ?|const |class |interface |type )${name.replace('$', '\\$')}\\b`,
  );
  const found = lines.flatMap((line, i) => (declaration.test(line) ? [i] : []));
  const start = found[0];
  if (start === undefined) {
    throw new Error(`guide: ${file} declares no ${name}; correct the reference "${text}" and the text around it`);
  }
  return { file, name, line: start + 1, code: lines.slice(start, endOf(lines, start) + 1).join('\n') };
}

/** The last line of the declaration that begins at `start`: one that closes a bracket in the first column for good. */
function endOf(lines: readonly string[], start: number): number {
  if (/[;}]$/.test(lines[start]!)) return start;
  const end = lines.findIndex((line, i) => i > start && /^[}\])]/.test(line) && !/[{(,[]$/.test(line));
  return end === -1 ? lines.length - 1 : end;
}
