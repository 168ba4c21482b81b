import { getBackend, setBackend } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { selectBackend } from '../../backends/selectBackend.ts';
import { runToEnd } from '../../core/slices.ts';
import type { Graph } from './graph.ts';
import { forgetRecordings, type Recorder, type Recording, replayed, useRecorder } from './recordings.ts';

const GRAPH: Graph = { inputs: [], factors: [], nodes: [], outputs: [] };

/** A recorder whose recordings take three slices and compute nothing. */
function fakeRecorder() {
  const made: { isDisposed: boolean }[] = [];
  const record = vi.fn((): Recording => {
    const recording = { isDisposed: false };
    made.push(recording);
    return {
      *replay() {
        yield;
        yield;
      },
      dispose() {
        recording.isDisposed = true;
      },
    };
  });
  const recorder = { record, isUnplanned: (error: unknown) => error instanceof RangeError } as unknown as Recorder;
  return { made, record, recorder };
}

describe('recordings of an owner', () => {
  beforeAll(async () => {
    await selectBackend({ backend: 'cpu' });
    expect(getBackend()).toBe('cpu');
  });

  const replay = (owner: object, key: string, graph = () => GRAPH) => replayed(owner, key, graph, [], []);

  it('are made once for a key, and again while the first is at work', () => {
    const { record, recorder } = fakeRecorder();
    useRecorder('cpu', recorder);
    const owner = {};
    expect(runToEnd(replay(owner, 'a'))).toBe(true);
    expect(runToEnd(replay(owner, 'a'))).toBe(true);
    expect(record).toHaveBeenCalledTimes(1);
    const slices = replay(owner, 'a');
    slices.next();
    expect(runToEnd(replay(owner, 'a'))).toBe(true);
    expect(record).toHaveBeenCalledTimes(2);
    slices.return(undefined as never);
    runToEnd(replay(owner, 'a'));
    expect(record).toHaveBeenCalledTimes(2);
  });

  it('are few: those used least recently go, but none at work', () => {
    const { made, recorder } = fakeRecorder();
    useRecorder('cpu', recorder);
    const owner = {};
    const slices = replay(owner, 'first');
    slices.next();
    for (let i = 0; i < 30; i++) runToEnd(replay(owner, `${i}`));
    expect(made.filter(({ isDisposed }) => !isDisposed)).toHaveLength(16);
    expect(made[0]!.isDisposed).toBe(false);
    slices.return(undefined as never);
    forgetRecordings(owner);
    expect(made.every(({ isDisposed }) => isDisposed)).toBe(true);
  });

  it('are not asked for again where there can be none; other errors are told', () => {
    const { record, recorder } = fakeRecorder();
    useRecorder('cpu', recorder);
    const owner = {};
    const graph = vi.fn(() => {
      throw new RangeError('no such operation');
    });
    expect(runToEnd(replay(owner, 'a', graph))).toBe(false);
    expect(runToEnd(replay(owner, 'a', graph))).toBe(false);
    expect(graph).toHaveBeenCalledTimes(1);
    forgetRecordings(owner);
    expect(runToEnd(replay(owner, 'a', graph))).toBe(false);
    expect(graph, 'after they were forgotten').toHaveBeenCalledTimes(2);
    const broken = () => {
      throw new Error('broken');
    };
    expect(() => runToEnd(replay(owner, 'b', broken))).toThrow('broken');
    expect(record).not.toHaveBeenCalled();
  });

  it('are made again on another backend', async () => {
    const { record, made, recorder } = fakeRecorder();
    useRecorder('cpu', recorder);
    const owner = {};
    runToEnd(replay(owner, 'a'));
    const refuse = () => {
      throw new RangeError('no such operation');
    };
    expect(runToEnd(replay(owner, 'b', refuse))).toBe(false);
    await selectBackend({ backend: 'wasm' });
    useRecorder('wasm', recorder);
    runToEnd(replay(owner, 'a'));
    expect(record).toHaveBeenCalledTimes(2);
    expect(runToEnd(replay(owner, 'b')), 'what the other backend could not do').toBe(true);
    expect(made[0]!.isDisposed).toBe(true);
    await setBackend('cpu');
  });
});
