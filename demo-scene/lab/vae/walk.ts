import type { AssetGenerator, Latents } from '../../../plugin/index.ts';
import { element } from '../../shared/element.ts';
import { recipeOf, type Settings } from '../settings.ts';
import { between, endRecipe, noiseRecipe } from './walkPlan.ts';
import { WalkRow } from './walkRow.ts';

/** Behind the strips. */
const PRIORITY = -3;

/** From the portrait to another: through the latents of the auto-encoder, and through the noise of the diffusion. */
export class Walk {
  private readonly vae: WalkRow;
  private readonly ddpm: WalkRow;

  constructor(private readonly generator: AssetGenerator) {
    this.vae = new WalkRow('#vae-walk', generator.sizePx);
    this.ddpm = new WalkRow('#ddpm-walk', generator.sizePx);
  }

  /** Marks what is out of date. */
  show(settings: Settings): void {
    for (const row of [this.vae, this.ddpm]) row.show(this.keyOf(settings));
    const { label, walkLabel } = settings;
    const change =
      label === walkLabel
        ? ''
        : `, ${label.replaceAll('_', ' ')} until half way, then ${walkLabel.replaceAll('_', ' ')}`;
    element('#ddpm-walk-title').textContent = `DDPM: an arc between their noises${change}`;
  }

  /** Makes what is out of date, the latents' walk first. @throws the signal's reason */
  async fillAsync(settings: Settings, signal: AbortSignal): Promise<void> {
    const { generator } = this;
    const waiting = { priority: PRIORITY, signal };
    const key = this.keyOf(settings);
    let ends: Promise<Latents[]> | null = null; // encoded when they are needed
    const encodeEnds = () =>
      Promise.all(
        [recipeOf(settings, generator.info), endRecipe(settings, generator.info)].map(async (recipe) =>
          generator.encodeAsync(await generator.generatePixelsAsync({ ...recipe, ...waiting }), waiting),
        ),
      );
    await this.vae.fillAsync(key, signal, async (amount) => {
      ends ??= encodeEnds();
      const [from, to] = await ends;
      return generator.decodeAsync(between(from!, to!, amount), waiting);
    });
    await this.ddpm.fillAsync(key, signal, (amount) =>
      generator.generatePixelsAsync({ ...noiseRecipe(settings, generator.info, amount), ...waiting }),
    );
  }

  private keyOf(settings: Settings): string {
    return JSON.stringify([recipeOf(settings, this.generator.info), settings.walkLabel, settings.walkSeed]);
  }
}
