// Where guests look who have arrived: at the visitor who speaks with them, or now and then at whoever is beside them.
import type { FloorPoint } from '../tavernFile.ts';
import type { Direction } from './figure.ts';

/** Guests who are no farther from each other than this talk, in metres. */
const TALKING_M = 2;
/** Every so many seconds somebody turns to the other, and looks ahead again after a while. */
const PERIOD_S = 9;
const TURNED_S = 5;

/** Somebody who has arrived. */
export interface Settled {
  position: FloorPoint;
  /** True while the visitor has the card of this guest open. */
  isSpokenTo: boolean;
  /** Tells people apart: not all turn at the same time. */
  seed: number;
}

/** The way that somebody looks. @param others everybody else who has arrived @param timeS any clock, in seconds */
export function facingOf(guest: Settled, others: readonly Settled[], timeS: number): Direction {
  if (guest.isSpokenTo) return 'down';
  const isTurned = (timeS + (guest.seed % PERIOD_S)) % PERIOD_S < TURNED_S;
  const partner = isTurned ? nearest(guest, others) : null;
  if (!partner) return 'down';
  return partner.position[0] < guest.position[0] ? 'left' : 'right';
}

function nearest({ position: [x, z] }: Settled, others: readonly Settled[]): Settled | null {
  const distanceTo = ({ position }: Settled) => Math.hypot(position[0] - x, position[1] - z);
  const near = others.filter((other) => distanceTo(other) <= TALKING_M);
  return near.sort((a, b) => distanceTo(a) - distanceTo(b))[0] ?? null;
}
