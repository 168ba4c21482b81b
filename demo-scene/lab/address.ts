import type { ModelInfo } from '../../plugin/index.ts';
import { formatHash, type ParsedHash, parseHash } from './hash.ts';
import type { Settings } from './settings.ts';

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
