/** A receipt as the API and `ledger show --format json` write it. */
import {
  cancelAnswers,
  cancelReasons,
  noteReasons,
  outsideCauses,
  releaseReasons,
  settledOutcomes,
} from '../ledger/events.ts';
import { receiptStates } from '../ledger/receipt.ts';
import type { JsonSchema } from '../lib/document-compile.ts';
import {
  flag,
  instant,
  list,
  number,
  objectId,
  oneOf,
  orNull,
  record,
  text,
  token,
  told,
} from './schema-parts.ts';

const textMap: JsonSchema = { type: 'object', additionalProperties: text };
const commands = ['unlock', 'reboot'] as const;

const identity = record({
  account: told(text, 'Account', 'Twelve digits; empty where an endpoint without accounts is configured.'),
  region: told(text, 'Region', 'Of AWS.'),
  endpoint: told(text, 'Endpoint', "Empty for AWS's own."),
});

const execution = record({
  device: told(text, 'Device', 'Its id.'),
  state: told(text, 'State', "AWS's own word, such as QUEUED or SUCCEEDED."),
  executionId: told(orNull(text), 'Execution id', "AWS's; null where it was not told."),
});

const outsideRun = record({
  device: told(text, 'Device', 'Its id.'),
  startedAt: told(instant, 'Started at', "When it began, by AWS's time."),
  cause: told(oneOf(outsideCauses), 'Cause', 'Why it began after its permission had ended.'),
});

const cancel = record({
  reason: told(oneOf(cancelReasons), 'Reason', 'Why it is to be cancelled.'),
  taskId: told(text, 'Task id', 'Of the task that is to be cancelled.'),
  at: told(instant, 'At', 'When that was written.'),
  endMs: told(
    orNull({ type: 'integer' }),
    'End',
    'The end of the permission to run, in milliseconds since 1970; null where the manifest is not wanted any more.',
  ),
  answer: told(
    orNull(
      record({
        kind: told(oneOf(cancelAnswers), 'Kind', 'How it ended.'),
        message: told(text, 'Message', "AWS's words."),
        at: told(instant, 'At', 'When that was written.'),
      }),
    ),
    'Answer',
    'Null until there is one.',
  ),
});

const permission = record({
  closes: told(orNull(instant), 'Closes', 'When the devices may not begin any more.'),
  cancels: told(orNull(instant), 'Cancels', 'When what is still queued is to be cancelled for it.'),
  notAfter: told(orNull(instant), 'Not after', "The task's own."),
  policies: told(list(text), 'Policies', 'Those that were asked.'),
  isWaived: told(flag, 'Waived', 'Whether a waiver allowed it.'),
});

const attempt = record({
  n: told(number, 'Number', 'Counted from 1.'),
  claimedAt: told(instant, 'Claimed at', 'When its claim was written.'),
  seq: told(number, 'Height', 'Of the commit of the ledger that holds its claim.'),
  replica: told(text, 'Replica', 'The controller that claimed it.'),
  run: told(text, 'Run', 'The random id of that life of it.'),
  identity: told(identity, 'Identity', 'Where AWS was asked.'),
  end: told(
    orNull(oneOf(['issued', 'released', 'refused', 'unknown'])),
    'End',
    'What AWS said to its call; null while nothing is written.',
  ),
  settled: told(flag, 'Settled', 'Whether a look or a person has settled it.'),
});

const release = record({
  reason: told(oneOf(releaseReasons), 'Reason', 'Why the newest released attempt made no task.'),
  message: told(text, 'Message', 'The same in words.'),
  notBefore: told(orNull(instant), 'Not before', 'No attempt begins earlier.'),
  at: told(instant, 'At', 'When that was written.'),
});

const manifest = record({
  path: told(text, 'Path', 'Of its file in the source.'),
  blob: told(text, 'Blob', 'The object id of that file.'),
  commit: told(
    orNull(objectId),
    'Commit',
    'The one that introduced the revision; null where history was too long.',
  ),
  author: told(orNull(text), 'Author', 'Of that commit, as somebody wrote it.'),
  annotations: told(textMap, 'Annotations', 'Of the manifest.'),
});

const request = record(
  {
    clientToken: told(token, 'Client token', 'The token of the revision.'),
    command: told(oneOf(commands), 'Command', 'What the devices are to do.'),
    targets: told(list(text), 'Targets', 'The devices, in their order.'),
    description: told(text, 'Description', 'Absent where the manifest has none.'),
    tags: told(textMap, 'Tags', 'With those of snowgate.'),
  },
  ['description'],
);

/** Every field of one. */
export const receiptSchema = record({
  token: told(token, 'Token', 'The clientToken of the revision.'),
  fleet: told(text, 'Fleet', 'Name of its fleet.'),
  name: told(text, 'Name', 'Its name within the fleet.'),
  state: told(oneOf(receiptStates), 'State', 'Derived from all that was written of it.'),
  run: told(orNull(number), 'Run', 'The run of the manifest; null while only notes are known.'),
  command: told(orNull(oneOf(commands)), 'Command', 'What the devices are to do.'),
  targets: told(list(text), 'Targets', 'The devices, in their order.'),
  taskIds: told(list(text), 'Task ids', "AWS's: one, or none; two are an alarm."),
  outcome: told(orNull(oneOf(settledOutcomes)), 'Outcome', 'How it ended; null while it has not.'),
  executions: told(list(execution), 'Executions', 'What the devices did, as far as it was written.'),
  cancel: told(orNull(cancel), 'Cancel', 'Null where it was never to be cancelled.'),
  permission: told(permission, 'Permission', 'What the newest claim was granted; null is without end.'),
  outside: told(list(outsideRun), 'Outside', 'Devices that began outside their window.'),
  attempts: told(list(attempt), 'Attempts', 'Each is one call of AWS at most.'),
  release: told(orNull(release), 'Release', 'Null where no attempt was released.'),
  refusal: told(
    orNull(
      record({
        error: told(text, 'Error', "AWS's code."),
        message: told(text, 'Message', "AWS's words."),
      }),
    ),
    'Refusal',
    'Null where AWS has refused none.',
  ),
  ambiguous: told(
    orNull(oneOf(['tooOld', 'otherTargets'])),
    'Ambiguous',
    'Why a look could not settle it; null where none is needed.',
  ),
  resolution: told(
    orNull(
      record({
        by: told(text, 'By', 'Who said so.'),
        reason: told(text, 'Reason', 'How they knew.'),
        taskId: told(orNull(text), 'Task id', 'Null: no task was made.'),
      }),
    ),
    'Resolution',
    "A person's word, where one was needed.",
  ),
  notes: told(
    list(
      record({
        reason: told(oneOf(noteReasons), 'Reason', 'Why it was not asked for.'),
        message: told(text, 'Message', 'The same in words.'),
      }),
    ),
    'Notes',
    'What was written before any claim.',
  ),
  identity: told(orNull(identity), 'Identity', 'Where the task was made, or would have been.'),
  manifest: told(orNull(manifest), 'Manifest', 'Where it came from; null before its first claim.'),
  request: told(orNull(request), 'Request', 'What AWS is sent, to the letter; null before its first claim.'),
});
