import type { JsonSchema } from '../lib/document-compile.ts';
import {
  codeText,
  flag,
  instant,
  list,
  orNull,
  placeProperties,
  reasons,
  record,
  text,
  told,
} from './schema-parts.ts';

const window = record({
  name: told(text, 'Name', 'Name of the window.'),
  isOpen: told(flag, 'Open', 'Whether it is open.'),
  accepts: told(flag, 'Accepts', 'Whether anything new may begin in it; not within its cutoff.'),
  reason: told(text, 'Reason', 'Why.'),
  closes: told(orNull(instant), 'Closes', 'When; null where it is not open, or does not close.'),
  opens: told(orNull(instant), 'Opens', 'When it opens next; null where no time is known.'),
});

const fact = record(
  {
    path: told(text, 'Path', 'As the condition writes it.'),
    value: {
      title: 'Value',
      description: 'As the condition sees it, shortened; absent where it is not known.',
    },
  },
  ['value'],
);

const rule = record({
  name: told(text, 'Name', 'Name of the rule.'),
  ...placeProperties,
  outcome: told(
    { type: 'string', enum: ['passed', 'waived', 'unchecked', 'deny', 'hold', 'warn'] },
    'Outcome',
    'What becomes of it.',
  ),
  otherwise: told(
    { type: 'string', enum: ['deny', 'hold', 'warn'] },
    'Otherwise',
    'What it does where it does not hold.',
  ),
  code: told(orNull(codeText), 'Code', 'Of the reason; null where it holds.'),
  message: told(orNull(text), 'Message', 'Why it does not hold; null where it does.'),
  windows: told(list(window), 'Windows', 'Empty for a condition.'),
  onClose: told(
    { type: ['string', 'null'], enum: ['cancel', 'leave', null] },
    'On close',
    'What becomes of what is queued when it closes; null for a condition.',
  ),
  require: told(orNull(text), 'Condition', 'Null for a rule with windows.'),
  facts: told(list(fact), 'Facts', 'Those that the condition names.'),
});

const policy = record({
  name: told(text, 'Name', 'Name of the policy.'),
  ...placeProperties,
  description: told(text, 'Description', "Its author's words."),
  mismatch: told(
    orNull(text),
    'Mismatch',
    'The key of match that is about other tasks; null where it matches.',
  ),
  rules: told(list(rule), 'Rules', 'Each rule, where it matches.'),
});

const waiver = record({
  name: told(text, 'Name', 'Name of the waiver.'),
  ...placeProperties,
  use: told(
    { type: 'string', enum: ['used', 'unused', 'insufficient', 'invalid'] },
    'Use',
    'What becomes of it.',
  ),
  why: told(orNull(text), 'Why', 'Why it does not count; null where it does.'),
  rules: told(list(text), 'Rules', 'The rules that it skips.'),
  reason: told(text, 'Reason', "Its author's words."),
  expires: told(instant, 'Expires', 'When it ends.'),
});

const check = record({
  name: told(text, 'Name', 'What is checked.'),
  outcome: told({ type: 'string', enum: ['passed', 'hold', 'deny', 'off'] }, 'Outcome', 'What it says.'),
  text: told(text, 'Text', 'What it found where it holds; empty otherwise.'),
  reasons,
});

/** Everything that leads to what is decided of one task. */
export const explanationSchema: JsonSchema = record({
  verdict: told(
    record({
      action: told({ type: 'string', enum: ['allow', 'hold', 'deny'] }, 'Action', 'The verdict.'),
      until: told(orNull(instant), 'Until', 'When the hold, or the permission to ask, ends.'),
      closes: told(orNull(instant), 'Closes', 'When the permission to run ends.'),
      cancels: told(orNull(instant), 'Cancels', 'When what is still queued is cancelled.'),
      waiver: told(orNull(text), 'Waiver', 'The waiver by which it is allowed.'),
      isCovered: told(orNull(flag), 'Covered', 'Whether a policy could have held it.'),
    }),
    'Verdict',
    'What the policies say.',
  ),
  policies: told(list(policy), 'Policies', 'All of them.'),
  waivers: told(list(waiver), 'Waivers', 'Those of the task.'),
  checks: told(list(check), 'Checks', 'What holds whatever the policies say.'),
});
