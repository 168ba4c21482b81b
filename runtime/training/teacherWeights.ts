// A teacher's weights stand beside those that are trained, under names of their own, and stay as they are.

/** Begins the names of a teacher's weights. */
export const TEACHER_PREFIX = 'teacher.';

/** Whether a weight of a training is the teacher's, which is not trained. */
export function isOfTeacher(name: string): boolean {
  return name.startsWith(TEACHER_PREFIX);
}

/** A teacher's weights, or their shapes, under the names that they have in a training. */
export function joinTeacher<T>(teacher: Iterable<readonly [name: string, value: T]>): Map<string, T> {
  return new Map(Array.from(teacher, ([name, value]) => [TEACHER_PREFIX + name, value]));
}

/** Takes the weights of a training apart: those of the teacher, under its own names again, and all others. */
export function splitTeacher<T>(weights: ReadonlyMap<string, T>): Record<'teacher' | 'others', Map<string, T>> {
  const all = [...weights];
  const ofTeacher = all.filter(([name]) => isOfTeacher(name));
  return {
    teacher: new Map(ofTeacher.map(([name, value]) => [name.slice(TEACHER_PREFIX.length), value])),
    others: new Map(all.filter(([name]) => !isOfTeacher(name))),
  };
}
