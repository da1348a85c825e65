/** Workflow commands as a runner reads them from the lines of a step. */

export interface WorkflowCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** Every line is one command, or this throws. */
export function readCommands(text: string): WorkflowCommand[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end');
  // Whatever any terminal or log takes for the end of a line.
  return text
    .slice(0, -1)
    .split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)
    .map(readCommand);
}

function readCommand(line: string): WorkflowCommand {
  const end = line.indexOf('::', 2);
  if (!line.startsWith('::') || end < 0) throw new Error(`no command: ${JSON.stringify(line)}`);
  const head = line.slice(2, end);
  const space = head.indexOf(' ');
  const [name, written] = space < 0 ? [head, ''] : [head.slice(0, space), head.slice(space + 1)];
  const properties: Record<string, string> = {};
  for (const pair of written.split(',')) {
    const [key = '', ...rest] = pair.split('=');
    if (!/^(file|line|col|title)$/.test(key) || key in properties) throw new Error(`property ${pair}`);
    properties[key] = decode(decode(rest.join('='), /%3A/g, ':'), /%2C/g, ',', true);
  }
  return { name, properties, message: decode(line.slice(end + 2), /%0A/g, '\n', true) };
}

function decode(text: string, escaped: RegExp, character: string, isLast = false): string {
  const read = text.replace(escaped, character);
  return isLast ? read.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%') : read;
}
