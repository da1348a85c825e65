/**
 * For the log of a step, which its runner reads, too: a line that begins with `::name` is a command to it, and so is `##[name]`
 * anywhere in a line, the older form, which runners still obey. What others wrote must neither stop the commands of this step
 * nor give any of its own.
 */
export function disarmCommands(text: string): string {
  return text.replaceAll('##[', '##\\u{5b}').replace(/^([^\S\n]*)::/gm, '$1\\u{3a}:');
}
