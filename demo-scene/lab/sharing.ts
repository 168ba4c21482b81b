import type { ModelInfo, RecipeOptions } from '../../plugin/index.ts';
import { copied, downloadPng, element } from '../shared/page.ts';
import { formatHash, type ParsedHash, parseHash } from './hash.ts';
import type { Settings } from './settings.ts';

/** What the buttons hand out, asked for when one is pressed. */
interface Shared {
  link(): string;
  recipe(): RecipeOptions;
  canvas: HTMLCanvasElement;
}

/** Wires the buttons that copy and download; `tell` says how it went. */
export function offerSharing({ link, recipe, canvas }: Shared, tell: (sentence: string) => void): void {
  const actions = {
    link: async () => tell(await copied(link(), 'The link')),
    recipe: async () => tell(await copied(recipeText(recipe()), 'The recipe')),
    download: async () => {
      const { label, seed, guidanceScale } = recipe();
      await downloadPng(canvas, `${label}-${seed}-guidance-${guidanceScale}.png`);
    },
  };
  for (const [name, act] of Object.entries(actions)) {
    element(`[data-action=${name}]`).addEventListener('click', () => void act());
  }
}

/** A recipe for people, and for `generateTextureAsync`. */
export function recipeText(recipe: RecipeOptions): string {
  return JSON.stringify(recipe, null, 2).replace(/\[\s+(\d+),\s+(\d+)\s+\]/, '[$1, $2]');
}

/** Browsers refuse an address that changes more than some hundred times in half a minute, as a slider can. */
const WRITE_DELAY_MS = 250;

/** Keeps the settings in the page's address. */
export class Address {
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** @param onChange told when a person has changed the address */
  constructor(
    private readonly info: ModelInfo,
    onChange: (parsed: ParsedHash) => void,
  ) {
    addEventListener('hashchange', () => {
      clearTimeout(this.timer);
      onChange(this.read());
    });
  }

  read(): ParsedHash {
    return parseHash(location.hash, this.info);
  }

  write(settings: Settings): void {
    clearTimeout(this.timer);
    const hash = formatHash(settings, this.info);
    this.timer = setTimeout(() => history.replaceState(null, '', hash), WRITE_DELAY_MS);
  }

  linkTo(settings: Settings): string {
    return new URL(formatHash(settings, this.info), location.href).href;
  }
}
