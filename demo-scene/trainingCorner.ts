import type { ModelUser } from './training/panel.ts';
import { element } from './ui/element.ts';

/** Offers the training corner; its code is loaded when it is opened first. */
export function offerTraining(user: ModelUser, onError: (error: unknown) => void): void {
  const opener = element<HTMLButtonElement>('#open-training');
  opener.hidden = false;
  const create = async () => (await import('./training/panel.ts')).TrainingPanel.CreateAsync(opener, user);
  let panel: ReturnType<typeof create> | null = null;
  opener.addEventListener('click', async () => {
    panel ??= create();
    try {
      (await panel).open();
    } catch (error) {
      panel = null;
      onError(error);
    }
  });
}
