import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../cli/program.ts';
import { packageRoot } from '../node/packageRoot.ts';

const root = packageRoot();
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const below = (folder: string) =>
  readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' }).flatMap((name) =>
    name.endsWith('.md') && !/node_modules|^site/.test(name) ? [`${folder}/${name}`] : [],
  );
const documents = ['README.md', 'CONTRIBUTING.md', ...below('docs'), ...below('assets')];

/** What a reader may copy into a shell: the lines of shell blocks, joined where a backslash ends them, and inline code. */
function commandsIn(file: string): string[] {
  const text = read(file);
  const blocks = Array.from(text.matchAll(/^```sh\n([\s\S]*?)^```/gm), ([, block]) => block!);
  const lines = blocks.flatMap((block) => block.replaceAll(/\\\n/g, ' ').split('\n'));
  const inline = Array.from(text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`([^`\n]+)`/g), ([, code]) => code!);
  return [...lines, ...inline].flatMap((line) => line.replace(/ #.*$/, '').split(' && '));
}

const commands = documents.flatMap((file) => commandsIn(file).map((command) => ({ file, command: command.trim() })));

/** The words after `figment`, however it is started; null: another command. */
function figmentWords(command: string): string[] | null {
  const [, rest] = /^(?:npx figment|npm run figment --|figment) (.+)$/.exec(command) ?? [];
  return rest === undefined ? null : rest.split(/\s+/);
}

const optionsOf = (command: Command) => command.options.flatMap(({ long, short }) => [long, short, '--help']);

/** What of a command line the program does not know. */
function unknownWords(words: string[]): string[] {
  let command: Command = createProgram();
  const rest = [...words];
  while (command.commands.length > 0 && rest.length > 0) {
    const [name] = rest.splice(0, 1);
    if (name === '…') return [];
    const next = command.commands.find((child) => name!.split('|').includes(child.name()));
    if (!next) return [name!];
    command = next;
  }
  const known = [...optionsOf(command), ...optionsOf(createProgram())];
  return rest.filter((word) => word.startsWith('--') && !known.includes(word));
}

describe('commands in the documents', () => {
  it('are found by this test', () => {
    const words = commands.flatMap(({ command }) => figmentWords(command) ?? []);
    expect(words).toEqual(
      expect.arrayContaining(['bake', 'pick', 'train', 'evaluate', 'verify', 'dataset', '--column']),
    );
    expect(unknownWords(['bake', 'portraits', '--wrapping'])).toEqual(['--wrapping']);
    expect(unknownWords(['train', 'prior'])).toEqual(['prior']);
  });

  it('of figment have options that it knows', () => {
    for (const { file, command } of commands) {
      const words = figmentWords(command);
      if (words) expect(unknownWords(words), `${file}: ${command}`).toEqual([]);
    }
  });

  it('of npm are scripts of package.json', () => {
    const { scripts } = JSON.parse(read('package.json'));
    for (const { file, command } of commands) {
      const [, name] = /^npm (?:run )?([\w:]+)/.exec(command) ?? [];
      if (name === undefined || ['ci', 'install', 'i', 'publish', 'pack'].includes(name)) continue;
      expect(Object.keys(scripts), `${file}: ${command}`).toContain(name);
    }
  });
});
