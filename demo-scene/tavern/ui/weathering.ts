import { isRange } from '../../../runtime/index.ts';
import { labelWords } from '../../shared/labelWords.ts';
import { ownValue } from '../../shared/ownValue.ts';
import { create, element } from '../../shared/page.ts';
import { changeSheetAsync } from '../people/sheet.ts';
import type { Surface } from '../surfaces.ts';
import { NumberSlider } from './numberSlider.ts';

/** The surfaces that weather while the visitor looks on. */
const OFFERED: readonly Surface['is'][] = ['wall', 'floor'];

/**
 * Offers a slider for each number that the model of materials knows, such as wear and moss, on walls and floor. Where it knows
 * none there is nothing to see.
 *
 * @param onError called with what goes wrong while a surface is painted again
 */
export function offerWeathering(surfaces: readonly Surface[], onError: (error: unknown) => void): void {
  const drawer = element('#room');
  const rows = surfaces.filter(({ is }) => OFFERED.includes(is)).flatMap((surface) => slidersOf(surface, onError));
  element('.drawer', drawer).replaceChildren(...rows);
  drawer.hidden = rows.length === 0;
}

function slidersOf(surface: Surface, onError: (error: unknown) => void): HTMLElement[] {
  const vocabulary = Object.entries(surface.artist.generator.info.attributes ?? {});
  return vocabulary.flatMap(([name, values]) => {
    if (!isRange(values)) return [];
    const slider = new NumberSlider(values);
    const { input, output } = slider;
    const show = () => {
      const value = Number(ownValue(surface.recipe.attributes ?? {}, name) ?? values.min);
      if (!surface.isPainting) slider.show(value);
    };
    show();
    surface.onChangedObservable.add(show); // the card changes it, too
    input.dataset.weathers = `${surface.is} ${name}`;
    input.addEventListener('input', () => {
      changeSheetAsync(surface, name, input.valueAsNumber).catch((error: Error) => {
        if (error.name !== 'AbortError') onError(error); // otherwise the slider has moved on
      });
    });
    return create('label', {}, document.createTextNode(`${surface.name}: ${labelWords(name)}`), input, output);
  });
}
