import type { JsonSchema } from '../lib/document-compile.ts';
import { number, outputSchema, problems, told } from './schema-parts.ts';

/** What `snowgate validate --format json` writes. */
export const validationSchema: JsonSchema = outputSchema(
  'Validation',
  'What snowgate validate found in a work tree.',
  {
    files: told(number, 'Files', 'Files that were checked.'),
    tasks: told(number, 'Tasks', 'Valid manifests.'),
    windows: told(number, 'Windows', 'Valid windows.'),
    policies: told(number, 'Policies', 'Valid policies.'),
    waivers: told(number, 'Waivers', 'Valid waivers.'),
    suspensions: told(number, 'Suspensions', 'Valid suspensions.'),
    errors: told(number, 'Errors', 'Problems that fail the check.'),
    warnings: told(number, 'Warnings', 'Problems that do not.'),
    problems,
  },
);
