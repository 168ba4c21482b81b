// A U-Net and the conditioning that it is trained with have one set of weights; the conditioning's names begin with a prefix.
import { conditioningShapes } from '../networks/conditioning.ts';
import type { ConditioningConfig } from '../networks/conditioningConfig.ts';
import type { Shapes } from '../networks/layers.ts';
import { unet2dShapes } from '../networks/unet2d.ts';
import type { UNet2DConfig } from '../networks/unet2dConfig.ts';

/** Begins the names of the conditioning's weights. */
export const CONDITIONING_PREFIX = 'conditioning.';

/** Shapes of all weights that are trained together, PyTorch's layout; without conditioning those of the U-Net. */
export function conditionedShapes(unet: UNet2DConfig, conditioning: ConditioningConfig | null): Shapes {
  const shapes = unet2dShapes(unet);
  return conditioning ? joinConditioning(shapes, conditioningShapes(conditioning)) : shapes;
}

/** Puts the weights of the U-Net and of its conditioning into one map, so that they train as one network. */
export function joinConditioning<T>(
  unet: ReadonlyMap<string, T>,
  conditioning: ReadonlyMap<string, T>,
): Map<string, T> {
  return new Map([
    ...unet,
    ...Array.from(conditioning, ([name, value]): [string, T] => [CONDITIONING_PREFIX + name, value]),
  ]);
}

/** The inverse of `joinConditioning`. */
export function splitConditioning<T>(weights: ReadonlyMap<string, T>): {
  unet: Map<string, T>;
  conditioning: Map<string, T>;
} {
  const isConditioning = (name: string) => name.startsWith(CONDITIONING_PREFIX);
  return {
    unet: new Map([...weights].filter(([name]) => !isConditioning(name))),
    conditioning: new Map(
      [...weights]
        .filter(([name]) => isConditioning(name))
        .map(([name, value]): [string, T] => [name.slice(CONDITIONING_PREFIX.length), value]),
    ),
  };
}
