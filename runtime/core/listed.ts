import { shortened } from './errors.ts';

/** The most characters of a list within a message, which has room for the longest list of a shipped model. */
const MAX_LISTED_LENGTH = 700;

/** Words for a message, with commas between them: of a long list the first, whole, and how many more there are. */
export function listed(words: readonly string[], maxLength = MAX_LISTED_LENGTH): string {
  const all = words.join(', ');
  if (all.length <= maxLength) return all;
  const room = maxLength - more(words.length).length;
  let numListed = 0;
  for (let length = words[0]!.length; length <= room; length += 2 + words[numListed]!.length) numListed++;
  if (numListed > 0) return `${words.slice(0, numListed).join(', ')}${more(words.length - numListed)}`;
  return words.length === 1 ? shortened(all, maxLength) : `${shortened(words[0]!, room)}${more(words.length - 1)}`;
}

const more = (count: number) => `, … and ${count} more`;
