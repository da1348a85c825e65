/** What a step hands to the steps after it, in the form of the file that GITHUB_OUTPUT names. */
import { BugError } from '../lib/faults.ts';

/**
 * Each name with its value, between delimiters that nobody can know before: no value can end early and begin a name of its
 * own. Throws where one holds the delimiter all the same, which chance alone will not make.
 */
export function formatOutputs(values: Readonly<Record<string, string>>, delimiter: string): string {
  if (!/^[\w-]{16,}$/.test(delimiter)) throw new BugError('a delimiter is a long word');
  return Object.entries(values)
    .map(([name, value]) => {
      if (value.includes(delimiter)) throw new BugError(`the output ${name} holds its own delimiter`);
      return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
    })
    .join('');
}
