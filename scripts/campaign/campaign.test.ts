// A small share of `npm run campaign`, always the same.
import { describe, expect, it } from 'vitest';
import { QUICK_ATTACKS } from './allAttacks.ts';
import { type Attack, demand } from './attack.ts';
import { formatReports, runCampaign } from './campaign.ts';
import { unfriendliness } from './judge.ts';

const SEED = 2;
/** How often each attack is tried; those on model folders make pictures and take longest. */
const NUM_CASES = 25;

describe.each(QUICK_ATTACKS)('hostile $name', (attack) => {
  it('end in a correct result or a friendly error, at once', async () => {
    const options = { seed: SEED, wantsMore: (_: Attack, numCases: number) => numCases < NUM_CASES };
    const [report] = await runCampaign([attack], options);
    expect(report!.failures).toEqual([]);
    expect(report!.numRefused).toBeGreaterThan(attack.name.includes('workers') ? -1 : 0);
  });
});

describe('the judge', () => {
  it.each([
    [new TypeError('x is not a function'), /raw TypeError/],
    [new Error('something'), /does not say where and what/],
    [new Error(`load: ${'x'.repeat(1100)}`), /more than 1000 characters/],
    ['text', /no error/],
    [new RangeError('generate: label "x" is unknown'), /^$/],
  ])('finds %s unfriendly, or friendly', (error, flaw) => {
    expect(unfriendliness(error)).toMatch(flaw);
  });

  it('counts wrong results and slow cases as failures, by case', async () => {
    const endings = [
      async () => 'correct' as const,
      async () => demand(false, 'wrong') as never,
      () => new Promise<'correct'>((resolve) => setTimeout(() => resolve('correct'), 1200)),
      async () => Promise.reject(new RangeError('load: no')),
    ];
    let at = 0;
    const open = async () => ({ attempt: () => endings[at++]!(), close: async () => {} });
    const attack: Attack = { name: 'all kinds', limitMs: 200, weight: 1, open };
    const reports = await runCampaign([attack, { ...attack, name: 'none', open: async () => null }], {
      seed: 1,
      wantsMore: (_, numCases) => numCases < 4,
    });
    expect(reports[0]).toMatchObject({ numCorrect: 1, numRefused: 1 });
    expect(reports[0]!.failures).toEqual([
      { index: 1, flaw: 'wrong' },
      { index: 2, flaw: expect.stringMatching(/^took \d+ ms; expected at most 200$/) },
    ]);
    expect(formatReports(reports)).toMatch(/all kinds +4 +1 +1 +2 .*\nnone \(this machine lacks.*\nall +4 +1 +1 +2/);
  });
});
