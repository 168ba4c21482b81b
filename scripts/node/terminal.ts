import cliProgress from 'cli-progress';
import picocolors from 'picocolors';

export interface Progress {
  update(share: number, note: string): void;
  stop(): void;
}

/**
 * One line that shows the progress of a long job; where output is piped, a plain line from time to time.
 *
 * @param share what of the job was done before, 0 … 1: the time that is left is estimated by what is done from now on alone
 */
export function startProgress(title: string, share = 0): Progress {
  const bar = new cliProgress.SingleBar({
    format: `${title} {bar} {percentage}% | {note} | ETA {eta_formatted}`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 20,
    hideCursor: false, // a command that Ctrl-C ends could not bring it back
    noTTYOutput: true,
    notTTYSchedule: 30_000,
    etaBuffer: 50,
    stopOnComplete: false,
    formatTime,
  });
  bar.start(1, share, { note: '' });
  return {
    update: (share, note) => bar.update(share, { note }),
    stop: () => bar.stop(),
  };
}

/**
 * Until the speed is known, the time that is left comes as a word. It is rounded as a whole: the library rounds minutes and seconds
 * each by themselves, and so comes to 60 of them.
 */
const formatTime: cliProgress.TimeFormatter = (time, options, roundToMultipleOf) => {
  if (typeof time !== 'number') return '–';
  const unit = roundToMultipleOf * (time > 3600 ? 60 : 1);
  const rounded = time > 60 && unit > 0 ? unit * Math.round(time / unit) : time;
  return cliProgress.Format.TimeFormat(rounded, options, roundToMultipleOf);
};

/** Colours for a stream; plain text where it is piped, or where NO_COLOR asks for that. */
export function coloursFor(stream: NodeJS.WriteStream) {
  return picocolors.createColors(picocolors.isColorSupported && stream.isTTY === true);
}

/** Runs a job under a progress line. */
export async function withProgress<T>(
  title: string,
  job: (onProgress: (share: number) => void) => Promise<T>,
): Promise<T> {
  const progress = startProgress(title);
  try {
    return await job((share) => progress.update(share, ''));
  } finally {
    progress.stop();
  }
}

/** Control characters but for line feeds and tabs, and those that turn the direction of writing. */
const STEERING = /[^\P{Cc}\n\t]|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A text that may come from somebody's file, without what would steer the terminal: such characters are spelled out. */
export function printable(text: string): string {
  return text.replace(STEERING, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A number of things for people: 1 image, 2 images. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
