/** Device ids for readers who must not know which devices there are. */

const shownLength = 4;
/** What an id of AWS is made of; a longer run of it is none. */
const word = /[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?/g;

/**
 * The text with each device id, wherever it stands, as its last four characters: enough for who knows the fleet, and nothing
 * for anybody else. `isDevice` says of each word whether it is one.
 */
export function shortenDevices(text: string, isDevice: (word: string) => boolean): string {
  return text.replace(word, (found) => (isDevice(found) ? `…${found.slice(-shownLength)}` : found));
}
