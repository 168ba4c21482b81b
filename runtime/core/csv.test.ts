import { expect, it } from 'vitest';
import { asCell, cellsOf, flawOfHeader, linesOf, wrongCells } from './csv.ts';

it.each(['\n', '\r\n', '\r'])('a line ends with %j', (end) => {
  expect(linesOf(['a,b', '', 'c,d', ''].join(end))).toEqual(['a,b', '', 'c,d', '']);
});

it('the mark with which some programs begin a file belongs to no cell', () => {
  expect(linesOf('\uFEFFlabel,tile')).toEqual(['label,tile']);
});

it('cells have no blanks around them, but keep those inside, and may be empty', () => {
  expect(cellsOf(' elf , 0,dark  red,\t')).toEqual(['elf', '0', 'dark  red', '']);
});

it('a letter is the same whether its accent is stored apart or not', () => {
  expect(cellsOf('e\u0301lan,\u00e9lan')).toEqual(['\u00e9lan', '\u00e9lan']);
  expect(asCell(' e\u0301 ')).toBe('\u00e9');
});

it.each([
  ['label;tile', 'is separated by semicolons; save the table with commas, and without quotes'],
  ['"label";"tile"', 'is separated by semicolons; save the table with commas, and without quotes'],
  ['label\ttile', 'is separated by tabs; save the table with commas, and without quotes'],
  ['"label","tile"', 'has cells in quotes; save the table with commas, and without quotes'],
  ['name,tile', undefined],
])('of the first line %j it is told how it was written', (line, flaw) => {
  expect(flawOfHeader(line)).toBe(flaw);
});

it('one cell is a value, and several are values', () => {
  expect(wrongCells(['elf'], ['label', 'tile'])).toBe('has 1 value; expected 2, without quotes');
  expect(wrongCells(['a', 'b', 'c'], ['label', 'tile'])).toBe('has 3 values; expected 2, without quotes');
});
