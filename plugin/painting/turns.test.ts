import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

/** Work that the test ends, and the names of what has begun. */
function works(turns: Turns) {
  const begun: string[] = [];
  const ends = new Map<string, (failed?: Error) => void>();
  const take = (name: string, signal?: AbortSignal) =>
    turns.take(() => {
      begun.push(name);
      return new Promise<void>((resolve, reject) => ends.set(name, (failed) => (failed ? reject(failed) : resolve())));
    }, signal);
  return { begun, take, end: (name: string, failed?: Error) => ends.get(name)!(failed) };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

it('lets so many work at once, and the next in turn when one has ended, however it did', async () => {
  const { begun, take, end } = works(new Turns(2));
  const all = ['a', 'b', 'c', 'd'].map((name) => take(name));
  await settled();
  expect(begun).toEqual(['a', 'b']);
  end('b', new Error('it failed'));
  await expect(all[1]).rejects.toThrow('it failed');
  await settled();
  expect(begun).toEqual(['a', 'b', 'c']);
  for (const name of ['a', 'c']) end(name);
  await settled();
  end('d');
  await Promise.all([all[0], all[2], all[3]]);
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
});

it('passes over who was aborted, also when its turn has just come, and loses no turn', async () => {
  const { begun, take, end } = works(new Turns(1));
  const leaving = new AbortController();
  const all = [take('a'), take('b', leaving.signal), take('c'), take('d')];
  await settled();
  leaving.abort(new Error('enough'));
  end('a');
  await expect(all[1]).rejects.toThrow('enough');
  await settled();
  expect(begun).toEqual(['a', 'c']);
  end('c');
  await settled();
  end('d');
  await Promise.all([all[0], all[2], all[3]]);
});
