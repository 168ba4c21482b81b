import type { NumValues } from './pixels.ts';

/** What the values of a pixel are, in the order in which networks take and give them. */
const CHANNEL_NAMES: Readonly<Record<NumValues, readonly string[]>> = {
  3: ['r', 'g', 'b'],
  4: ['r', 'g', 'b', 'a'],
  6: ['r', 'g', 'b', 'height', 'roughness', 'metallic'],
};

/** The values of a pixel of a material: its picture, and the maps that are generated with it. */
export const MATERIAL_CHANNELS = 6 satisfies NumValues;

/** The names of so many channels, in their order. */
export function channelNames(channels: NumValues): readonly string[] {
  return CHANNEL_NAMES[channels];
}

/** How many channels these names are; undefined when no network here has them. */
export function channelsNamed(names: readonly string[]): NumValues | undefined {
  return ([3, 4, 6] as const).find((channels) => channelNames(channels).join() === names.join());
}

/** Names of channels for messages: `r, g, b, height, roughness, metallic`. */
export function knownChannels(): string {
  return Object.values(CHANNEL_NAMES)
    .map((names) => `[${names.join(', ')}]`)
    .join(', ');
}
