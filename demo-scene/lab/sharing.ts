import type { ModelInfo, RecipeOptions } from '../../plugin/index.ts';
import { copied, onClicks, pngOf, saveBlob } from '../shared/page.ts';
import { formatHash, type ParsedHash, parseHash } from './hash.ts';
import type { Settings } from './settings.ts';

/** What the buttons share; each is asked for when its button is pressed. */
interface Shared {
  link(): string;
  recipe(): RecipeOptions;
  /** The picture that is shown and its recipe, which is null before the first. */
  picture: { readonly canvas: HTMLCanvasElement; readonly shown: RecipeOptions | null };
}

/** Wires the buttons that copy and download; `notify` shows how it went. */
export function offerSharing({ link, recipe, picture }: Shared, notify: (sentence: string) => void): void {
  onClicks(document, 'data-action', {
    link: async () => notify(await copied(link(), 'The link')),
    recipe: async () => notify(await copied(recipeText(recipe()), 'The recipe')),
    download: async () => {
      if (!picture.shown) return notify('The picture is not painted yet.');
      const { label, seed, guidanceScale } = picture.shown;
      saveBlob(await pngOf(picture.canvas), `${label}-${seed}-guidance-${guidanceScale}.png`);
    },
  });
}

/** A recipe as readable JSON, which `generateTextureAsync` takes as well. */
export function recipeText(recipe: RecipeOptions): string {
  return JSON.stringify(recipe, null, 2).replace(/\[\s+(\d+),\s+(\d+)\s+\]/, '[$1, $2]');
}

/** Browsers refuse to change the address more than about a hundred times in half a minute, which a slider would do. */
const WRITE_DELAY_MS = 250;

/** Keeps the settings in the page's address, and what was chosen before in the browser's history. */
export class Address {
  private timer: ReturnType<typeof setTimeout> | undefined;
  /** The settings as the page's address holds them, once they are written there. */
  private hash = '';
  /** Whether the settings that wait to be written become a new entry of the browser's history. */
  private isNew = false;

  /** @param onChange called when a person has changed the address, or has gone back or forward */
  constructor(
    private readonly info: ModelInfo,
    onChange: (parsed: ParsedHash) => void,
  ) {
    addEventListener('hashchange', () => {
      this.isNew = false;
      onChange(this.read());
      this.writeNow(); // later it would break off the next step that a person goes back or forward
    });
  }

  read(): ParsedHash {
    return parseHash(location.hash, this.info);
  }

  /** @param isNew whether a person can go back from these settings to those before; otherwise they take their place */
  write(settings: Settings, isNew: boolean): void {
    this.isNew ||= isNew;
    this.hash = formatHash(settings, this.info);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.writeNow(), WRITE_DELAY_MS);
  }

  private writeNow(): void {
    clearTimeout(this.timer);
    if (this.hash !== location.hash) {
      if (this.isNew) history.pushState(null, '', this.hash);
      else history.replaceState(null, '', this.hash);
    }
    this.isNew = false;
  }

  linkTo(settings: Settings): string {
    return new URL(formatHash(settings, this.info), location.href).href;
  }
}
