import { expect, it } from 'vitest';
import { isOfTeacher, joinTeacher, splitTeacher } from './teacherWeights.ts';

it('keeps the weights of a teacher beside those that are trained, and takes them apart again', () => {
  const [own, teacher] = [
    new Map([
      ['conv_in.weight', 1],
      ['conditioning.teacher.weight', 2], // only the beginning of a name counts
    ]),
    new Map([
      ['conv_in.weight', 3],
      ['teacher.weight', 4],
    ]),
  ];
  const joined = joinTeacher(teacher);
  expect([...joined.keys()]).toEqual(['teacher.conv_in.weight', 'teacher.teacher.weight']);
  expect([...joined.keys()].every(isOfTeacher)).toBe(true);
  expect([...own.keys()].some(isOfTeacher)).toBe(false);
  expect(splitTeacher(new Map([...own, ...joined]))).toEqual({ teacher, others: own });
});
