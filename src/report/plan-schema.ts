import type { JsonSchema } from '../lib/document-compile.ts';
import { planActions } from '../plan/decision.ts';
import { explanationSchema } from './explanation-schema.ts';
import {
  instant,
  list,
  objectId,
  orNull,
  outputSchema,
  problems,
  reasons,
  record,
  text,
  token,
  told,
} from './schema-parts.ts';

const task = record({
  fleet: told(text, 'Fleet', 'Name of its fleet.'),
  name: told(text, 'Name', 'Its name within the fleet.'),
  token: told(orNull(token), 'Token', 'The clientToken of its revision; null where none can be read.'),
  action: told({ type: 'string', enum: planActions }, 'Action', 'What a pass would do with it.'),
  until: told(orNull(instant), 'Until', 'When a hold or a permission ends; null where no time is known.'),
  reasons,
});

/** What `snowgate plan --format json` writes. */
export const planSchema: JsonSchema = outputSchema(
  'Plan',
  'What a pass of the controller would do with each task, and why.',
  {
    at: told(instant, 'At', 'The instant that was planned for.'),
    source: told(objectId, 'Source', 'The commit of the source that was read.'),
    ledger: told(objectId, 'Ledger', 'The commit of the ledger that was read.'),
    tasks: told(list(task), 'Tasks', 'A decision for each task; with --explain for those of one name alone.'),
    explain: told(
      orNull(explanationSchema),
      'Explanation',
      'With --explain only: what leads to the decision; null where no policy is asked.',
    ),
    halts: told(reasons, 'Halts', 'What keeps everything from being issued.'),
    problems,
  },
  ['explain'],
);
