import { element } from '../../shared/element.ts';
import { kindOf } from '../people/names.ts';
import type { Sitter } from '../people/sitter.ts';

/** Buttons for everybody and everything in the room, for who does not click on the scene. */
export class PeopleList {
  private readonly list = element('#people nav');
  private readonly buttons = new Map<Sitter, HTMLButtonElement>();

  constructor(private readonly onChosen: (sitter: Sitter) => void) {}

  add(sitter: Sitter): void {
    const button = document.createElement('button');
    button.type = 'button';
    const kind = document.createElement('small');
    const write = () => {
      button.textContent = `${sitter.name} `;
      kind.textContent = kindOf(sitter.recipe.label);
      button.append(kind);
    };
    write();
    sitter.onChangedObservable.add(() => {
      if (!sitter.isPainting) write();
    });
    button.addEventListener('click', () => this.onChosen(sitter));
    this.buttons.set(sitter, button);
    this.list.append(button);
  }

  /** Who has left; the focus goes to the next. */
  remove(sitter: Sitter): void {
    const button = this.buttons.get(sitter);
    if (!button) return;
    const next = button.nextElementSibling ?? button.previousElementSibling;
    if (document.activeElement === button) (next as HTMLElement | null)?.focus();
    button.remove();
    this.buttons.delete(sitter);
  }
}
