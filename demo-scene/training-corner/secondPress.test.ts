import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { onSecondPress } from './secondPress.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('asks for as long as a second press counts, also soon after another', () => {
  const button = Object.assign(new EventTarget(), { textContent: 'Start over' });
  const act = vi.fn();
  onSecondPress(button as unknown as HTMLElement, 'Sure?', act);
  const press = () => button.dispatchEvent(new Event('click'));
  press();
  vi.advanceTimersByTime(1000);
  press();
  expect([act.mock.calls.length, button.textContent]).toEqual([1, 'Start over']);
  vi.advanceTimersByTime(3000);
  press();
  vi.advanceTimersByTime(5000);
  expect(button.textContent).toBe('Sure?');
  vi.advanceTimersByTime(1000);
  expect(button.textContent).toBe('Start over');
  press();
  expect([act.mock.calls.length, button.textContent]).toEqual([1, 'Sure?']);
});
