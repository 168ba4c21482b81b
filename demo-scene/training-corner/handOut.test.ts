import { beforeEach, expect, it, vi } from 'vitest';
import { HandOut } from './handOut.ts';

const files = { 'model_index.json': new Uint8Array(1) };
/** The uses of models that the scene was asked for, to be ended by the test. */
let uses: { of: 'trained' | 'shipped'; end(): void; fail(error: Error): void }[];
let handOut: HandOut;
const counter = { makeModel: vi.fn(), save: vi.fn(), notify: vi.fn(), onWish: vi.fn(), offerShipped: vi.fn() };

beforeEach(() => {
  vi.resetAllMocks();
  counter.save.mockResolvedValue('Saved.');
  uses = [];
  const use = (of: 'trained' | 'shipped') =>
    new Promise<void>((end, fail) => {
      uses.push({ of, end, fail });
    });
  handOut = new HandOut({ useModel: () => use('trained'), useShipped: () => use('shipped') }, counter);
});

const lastNotice = () => counter.notify.mock.lastCall?.[0];
const lastOffer = () => counter.offerShipped.mock.lastCall?.[0];
const ofUses = () => uses.map(({ of }) => of);

it('has the scene use the model, and go back to the shipped one', async () => {
  handOut.want('scene');
  expect([handOut.isAwaited, counter.makeModel.mock.calls.length]).toEqual([true, 1]);
  const taken = handOut.take(files);
  expect(lastNotice()).toBe('Your model paints the portraits…');
  uses[0]!.end();
  await taken;
  expect([lastNotice(), lastOffer()]).toEqual(['Your model has painted every frame.', true]);
  expect(handOut.isAwaited).toBe(false);
  const back = handOut.useShipped();
  uses[1]!.end();
  await back;
  expect([lastNotice(), lastOffer()]).toEqual(['The shipped model is back.', false]);
});

it('tells why a model could not be used or saved', async () => {
  handOut.want('scene');
  const taken = handOut.take(files);
  uses[0]!.fail(new Error('out of paint'));
  await taken;
  expect(lastNotice()).toBe('out of paint');
  expect(counter.offerShipped).not.toHaveBeenCalled();
  counter.save.mockRejectedValue(new Error('out of paper'));
  handOut.want('zip');
  await handOut.take(files);
  expect(lastNotice()).toBe('out of paper');
  expect(handOut.isAwaited).toBe(false);
});

it('drops a model for the scene that comes after the way back was taken, and not one to be saved', async () => {
  handOut.want('scene');
  const back = handOut.useShipped();
  expect(handOut.isAwaited).toBe(false);
  await handOut.take(files);
  expect(ofUses()).toEqual(['shipped']);
  expect(counter.save).not.toHaveBeenCalled();
  handOut.want('zip');
  void handOut.useShipped();
  await handOut.take(files);
  expect(counter.save).toHaveBeenCalledOnce();
  uses[0]!.end();
  await back;
});

it('tells of the newest use alone, whichever ends first', async () => {
  handOut.want('scene');
  const older = handOut.take(files);
  const newer = handOut.useShipped();
  uses[0]!.end();
  await older;
  expect(lastNotice()).toBe('The shipped model paints the portraits…');
  uses[1]!.end();
  await newer;
  expect(lastNotice()).toBe('The shipped model is back.');

  const shipped = handOut.useShipped();
  handOut.want('scene');
  const trained = handOut.take(files);
  uses[3]!.end();
  await trained;
  uses[2]!.fail(new Error('disposed'));
  await shipped;
  expect([lastNotice(), lastOffer()]).toEqual(['Your model has painted every frame.', true]);
});

it('does not end a newer wish when an older use ends', async () => {
  handOut.want('scene');
  const older = handOut.take(files);
  void handOut.useShipped();
  handOut.want('zip');
  uses[0]!.end();
  await older;
  expect(handOut.isAwaited).toBe(true);
});
