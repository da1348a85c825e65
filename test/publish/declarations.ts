/** What TypeScript sources declare, as far as a reference page tells of it: interfaces with their comments. */

export interface Field {
  readonly name: string;
  readonly type: string;
  readonly isOptional: boolean;
  readonly about: string;
}

export interface Declaration {
  readonly name: string;
  readonly base: string | null;
  readonly about: string;
  readonly fields: readonly Field[];
}

const interfaces =
  /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?(?:export )?interface (\w+)(?: extends (\w+))? \{\n([\s\S]*?)\n\}/g;
const fields = /(?: {2}\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)? {2}readonly (\w+)(\?)?: ((?:[^{};]|\{[^}]*\})+);/g;

/** The interfaces of a source text, in their order. */
export function readInterfaces(source: string): Declaration[] {
  return [...source.matchAll(interfaces)].map(([, about = '', name = '', base, body = '']) => ({
    name,
    base: base ?? null,
    about: readComment(about),
    fields: [...body.matchAll(fields)].map(([, comment = '', field = '', optional, type = '']) => ({
      name: field,
      type: type.replaceAll(/\s+/g, ' '),
      isOptional: optional !== undefined,
      about: readComment(comment),
    })),
  }));
}

function readComment(comment: string): string {
  return comment
    .split('\n')
    .map((line) => line.replace(/^\s*\*? ?/, '').trim())
    .filter((line) => line !== '')
    .join(' ');
}
