/**
 * A catalog in the format of SchemaStore: which schema is for which files. Its addresses are relative to itself, because
 * the schemas are published nowhere but in the package: who serves the folder puts an address before them, and who
 * has it on disk a path.
 */
import type { JsonSchema } from '../../src/lib/document-compile.ts';
import { publishedSchemas } from './schemas.ts';

export interface CatalogEntry {
  readonly name: string;
  readonly description: string;
  readonly fileMatch: readonly string[];
  readonly url: string;
}

const both = (stem: string): string[] => [`${stem}.yaml`, `${stem}.yml`];

/** Where the documents of a schema usually lie; of the others a file says itself which it is for. */
const usualFiles: Readonly<Record<string, readonly string[]>> = {
  'task.schema.json': both('**/tasks/**/*'),
  'policies.schema.json': both('**/policies/**/*'),
  'controller.schema.json': both('**/snowgate'),
};

/** What stands in schemas/catalog.json. */
export const catalog = {
  version: 1,
  schemas: publishedSchemas.map(([file, schema]): CatalogEntry => {
    const { title, description } = schema as JsonSchema & { title: string; description: string };
    return { name: title, description, fileMatch: usualFiles[file] ?? [], url: file };
  }),
};
