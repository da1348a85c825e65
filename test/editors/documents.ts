/** Documents that are written in an editor, and what the editor is told of its schemas. */
import { fileURLToPath } from 'node:url';
import { catalog } from '../publish/catalog.ts';
import type { Diagnostic, Settings } from './language-server.ts';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** The settings by which an editor finds the schemas of this folder: the catalog, said as settings. */
export const settings: Settings = {
  validate: true,
  hover: true,
  completion: true,
  schemaStore: { enable: false },
  schemas: Object.fromEntries(
    catalog.schemas
      .filter(({ fileMatch }) => fileMatch.length > 0)
      .map(({ url, fileMatch }) => [`./schemas/${url}`, fileMatch]),
  ),
};

/** How every document begins; the kind comes next. */
export const head = 'apiVersion: snowgate/v1\nkind: ';

export function task(spec: string, metadata = 'name: a'): string {
  return `${head}Task\nmetadata: {${metadata}}\nspec:\n  fleet: lab\n${spec}`;
}

/** As an editor lists them: line and column from 1, as snowgate counts. */
export function say({ message, range: { start } }: Diagnostic): string {
  return `${start.line + 1}:${start.character + 1} ${message}`;
}
