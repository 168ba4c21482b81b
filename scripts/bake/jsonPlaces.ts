import { findNodeAtLocation, type JSONPath, type Node } from 'jsonc-parser';

/** A mistake in a file: its place, as a path of keys and indices, and what is wrong. */
export interface Problem {
  path: JSONPath;
  message: string;
}

/** `assets[3].seeds[1]` */
export function formatPath(path: JSONPath): string {
  const steps = path.map((step) => {
    if (typeof step === 'number') return `[${step}]`;
    return /^[\w$]+$/.test(step) ? `.${step}` : `[${JSON.stringify(step.slice(0, 80))}]`;
  });
  return steps.join('').replace(/^\./, '');
}

/** Line and column of an offset, both from 1. */
export function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return `${before.length}:${before.at(-1)!.length + 1}`;
}

/**
 * One line a problem: `file:line:column path: message`, in the order of the file.
 *
 * @param tree undefined for a description that came as an object: then there are no lines
 */
export function formatProblems(problems: Problem[], fileName: string, text: string, tree: Node | undefined): string {
  const placed = problems.map((problem) => ({ ...problem, offset: tree ? offsetOf(tree, problem.path) : 0 }));
  if (tree) placed.sort((a, b) => a.offset - b.offset);
  const lines = placed.map(({ path, message, offset }) => {
    const where = tree ? `${fileName}:${placeOf(text, offset)}` : fileName;
    return `${[where, formatPath(path)].filter((part) => part !== '').join(' ')}: ${message}`;
  });
  return lines.join('\n');
}

/** The offset of the value at a path; where there is none, that of the nearest object or list around it. */
function offsetOf(tree: Node, path: JSONPath): number {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(tree, path.slice(0, length));
    if (node) return node.offset;
  }
  return tree.offset;
}
