/** Batches of every kind of event, each field drawn from all that its grammar allows. */
import fc from 'fast-check';
import type { Batch, BatchHeader, LedgerEvent } from '../../src/ledger/events.ts';
import {
  cancelAnswers,
  cancelReasons,
  noteReasons,
  releaseReasons,
  settledOutcomes,
} from '../../src/ledger/events.ts';

const hex = (length: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const token = hex(64);
const objectId = fc.oneof(hex(40), hex(64));
const instant = fc
  .date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true })
  .map((date) => date.toISOString());
const label = fc
  .string({ unit: fc.constantFrom(...'abcxyz019-'), minLength: 1, maxLength: 63 })
  .filter((text) => !text.startsWith('-') && !text.endsWith('-'));
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom('', '\n', '\u2028', '{"v":1}\n', 'Snowgate-Seq: 9', '__proto__', '\u0000'),
);
const awsId = fc.stringMatching(/^[A-Za-z0-9._-]{1,64}$/);
const count = fc.nat();
const positive = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const orNull = <T>(some: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(some, { nil: null });
const map = fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), text, {
  maxKeys: 4,
  noNullPrototype: true,
});
const command = fc.constantFrom('unlock', 'reboot' as const) as fc.Arbitrary<'unlock' | 'reboot'>;
const targets = fc.uniqueArray(awsId, { minLength: 1, maxLength: 10 });
const identity = fc.record({
  account: fc.oneof(fc.constant(''), fc.stringMatching(/^\d{12}$/)),
  region: fc.stringMatching(/^[a-z0-9-]{1,40}$/),
  endpoint: text,
});
const look = fc.record({
  begunAt: instant,
  endedAt: instant,
  tasksSeen: count,
  pages: count,
  hits: fc.array(awsId, { maxLength: 4 }),
});
const base = { v: fc.constant(1), token, fleet: label, name: label, at: instant };
const ofAttempt = { ...base, attempt: positive };
const answered = { ...ofAttempt, message: text, requestId: orNull(text) };

const claim = {
  ...ofAttempt,
  kind: fc.constant('claimed' as const),
  taskRun: positive,
  identity,
  manifest: fc.record({
    path: text,
    blob: objectId,
    commit: orNull(objectId),
    author: orNull(text),
    annotations: map,
  }),
  verdict: fc.record({
    action: fc.constant('allow' as const),
    until: orNull(instant),
    reasons: fc.array(fc.record({ code: fc.stringMatching(/^SG\d{4}$/), message: text }), { maxLength: 3 }),
    policies: fc.array(fc.record({ name: text, blob: objectId }), { maxLength: 3 }),
  }),
  policySet: token,
  tzdata: text,
};
const request = fc.record(
  { clientToken: token, command, targets, description: text, tags: map },
  { requiredKeys: ['clientToken', 'command', 'targets', 'tags'] },
);
const kind = <K extends string>(name: K): { kind: fc.Arbitrary<K> } => ({ kind: fc.constant(name) });
const execution = fc.record({
  device: awsId,
  state: fc.stringMatching(/^[A-Z_]{1,32}$/),
  executionId: orNull(awsId),
});

/** One event of each kind. */
export const event: fc.Arbitrary<LedgerEvent> = fc.oneof(
  fc.record(
    { ...claim, request, look },
    { requiredKeys: Object.keys(claim) as (keyof typeof claim)[] },
  ) as fc.Arbitrary<LedgerEvent>,
  fc.record({
    ...ofAttempt,
    ...kind('issued'),
    taskId: awsId,
    taskArn: orNull(text),
    requestId: orNull(text),
  }),
  fc.record({
    ...answered,
    ...kind('released'),
    reason: fc.constantFrom(...releaseReasons),
    notBefore: orNull(instant),
  }),
  fc.record({ ...answered, ...kind('refused'), error: text }),
  fc.record({ ...answered, ...kind('unknown'), error: text }),
  fc.record({ ...base, ...kind('adopted'), through: positive, taskId: awsId, taskArn: orNull(text), look }),
  fc.record({ ...base, ...kind('absent'), through: positive, look }),
  fc.record({
    ...base,
    ...kind('ambiguous'),
    through: positive,
    reason: fc.constantFrom('tooOld' as const, 'otherTargets' as const),
    look,
  }),
  fc.record({ ...base, ...kind('doubled'), taskIds: fc.array(awsId, { maxLength: 4 }) }),
  fc.record({
    ...base,
    ...kind('resolved'),
    taskId: orNull(awsId),
    reason: text,
    by: text,
    revision: orNull(fc.record({ command, targets, taskRun: positive, identity })),
  }),
  fc.record({ ...base, ...kind('baseline'), command, targets, taskRun: positive, path: text }),
  fc.record({ ...base, ...kind('noted'), reason: fc.constantFrom(...noteReasons), message: text }),
  fc.record({ ...base, ...kind('progress'), executions: fc.array(execution, { maxLength: 10 }) }),
  fc.record({
    ...base,
    ...kind('cancelRequested'),
    taskId: awsId,
    reason: fc.constantFrom(...cancelReasons),
  }),
  fc.record({
    ...base,
    ...kind('cancelAnswered'),
    answer: fc.constantFrom(...cancelAnswers),
    message: text,
    requestId: orNull(text),
  }),
  fc.record({
    ...base,
    ...kind('settled'),
    outcome: fc.constantFrom(...settledOutcomes),
    executions: fc.array(execution, { maxLength: 10 }),
  }),
);

export const header: fc.Arbitrary<BatchHeader> = fc.record({
  v: fc.constant(1),
  kind: fc.constant('batch' as const),
  seq: fc.integer({ min: 1, max: 9_999_999_999 }),
  replica: label,
  run: fc.stringMatching(/^[0-9a-z-]{1,64}$/),
  source: orNull(objectId),
  policies: orNull(objectId),
  at: instant,
});

export const batch: fc.Arbitrary<Batch> = fc.record({ header, events: fc.array(event, { maxLength: 8 }) });
