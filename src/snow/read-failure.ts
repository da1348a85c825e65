/** How reads fail: the same verdicts as in outcome.ts, told as faults. */
import type { CancelOutcome, ReadFailure } from '../controller/ports.ts';
import { type Fault, type FaultClass, type FaultCode, fault } from '../lib/faults.ts';
import { type CallEnd, messageOf } from './answer.ts';
import { judge, named, serverOf, type Verdict } from './outcome.ts';
import { lateCredentialsHint } from './sts.ts';

type Failed = Exclude<Verdict, { kind: 'done' }>;
type Answered = Extract<Failed, { answer: unknown }>;

interface Form {
  readonly kind: ReadFailure['kind'];
  readonly code: FaultCode;
  readonly class: FaultClass;
  readonly text: string;
  readonly hint: string;
}

const later = 'nothing to do; it is asked again later';

const forms: Readonly<Record<Answered['kind'], Form>> = {
  notFound: {
    kind: 'notFound',
    code: 'SG5015',
    class: 'human',
    text: 'AWS does not know it',
    hint: 'check the account, the region and the id; AWS forgets old tasks',
  },
  denied: {
    kind: 'denied',
    code: 'SG5008',
    class: 'human',
    text: 'AWS denied it',
    hint: "allow the action in the IAM policy of the fleet's role or user",
  },
  badCredentials: {
    kind: 'denied',
    code: 'SG5009',
    class: 'human',
    text: 'AWS does not accept the credentials',
    hint: "renew the credentials; after an error about time or signature, check the machine's clock",
  },
  throttled: {
    kind: 'throttled',
    code: 'SG5006',
    class: 'wait',
    text: 'AWS asks for fewer calls',
    hint: `${later}; if it lasts, lower issue.rate`,
  },
  quota: {
    kind: 'throttled',
    code: 'SG5007',
    class: 'wait',
    text: 'a service quota is used up',
    hint: 'raise the quota in AWS, or wait for tasks to end',
  },
  invalid: {
    kind: 'failed',
    code: 'SG5016',
    class: 'human',
    text: 'AWS calls the request invalid',
    hint: 'report it: nothing but snowgate made this request',
  },
  internal: {
    kind: 'failed',
    code: 'SG5005',
    class: 'retry',
    text: 'AWS had an internal error',
    hint: later,
  },
  strange: {
    kind: 'failed',
    code: 'SG5004',
    class: 'retry',
    text: 'the answer cannot be used',
    hint: `${later}; if it lasts, see what stands between snowgate and AWS (proxy, endpoint)`,
  },
};

/** How a read failed; `what` names the operation and the fleet. */
export function readFailure(verdict: Failed, what: string): ReadFailure {
  if (verdict.kind === 'unsent' || verdict.kind === 'silent') {
    return { kind: 'failed', fault: silence(verdict, what) };
  }
  const { answer } = verdict;
  // A 429 that is not the model's is still a wish to be asked less, and a read loses nothing by obeying.
  const form = verdict.kind === 'strange' && answer.status === 429 ? forms.throttled : forms[verdict.kind];
  const reason = named(verdict.kind === 'strange' ? verdict.why : verdict.type, messageOf(answer));
  return {
    ...serverOf(answer),
    ...(answer.retryAfterMs === null || form.kind !== 'throttled'
      ? {}
      : { retryAfterMs: answer.retryAfterMs }),
    kind: form.kind,
    fault: fault(form.code, form.class, `${what}: ${form.text}: ${reason}`, form.hint),
  };
}

/**
 * How a CancelTask ended. Only a modelled refusal is AWS's word on this task; whatever else is not success says nothing.
 * `failure` is why there were no credentials to ask with.
 */
export function cancelOutcome(end: CallEnd, failure: ReadFailure | null, what: string): CancelOutcome {
  if (failure !== null)
    return { kind: 'failed', throttled: failure.kind === 'throttled', fault: failure.fault };
  const verdict = judge(end);
  if (verdict.kind === 'done') {
    return { ...serverOf(verdict.answer), kind: 'accepted', requestId: verdict.answer.requestId };
  }
  if (verdict.kind === 'invalid' || verdict.kind === 'notFound') {
    const { answer, type } = verdict;
    const said = { error: type, message: messageOf(answer), requestId: answer.requestId };
    return { ...serverOf(answer), kind: 'refused', ...said };
  }
  const { kind, fault: reason, server } = readFailure(verdict, what);
  return {
    kind: 'failed',
    throttled: kind === 'throttled',
    fault: reason,
    ...(server === undefined ? {} : { server }),
  };
}

/** An answer of the right form whose content cannot be. */
export function unusable(what: string, why: string): Fault {
  const form = forms.strange;
  return fault(form.code, form.class, `${what}: ${form.text}: ${why}`, form.hint);
}

function silence(end: Extract<CallEnd, { kind: 'unsent' | 'silent' }>, what: string): Fault {
  const text = `${what}: ${end.message}`;
  // That there are none, or bad ones, is told by the session: here the call's time was over before it had any.
  if (end.kind === 'unsent' && end.reason === 'credentials') {
    return fault('SG5011', 'retry', text, lateCredentialsHint);
  }
  if (isTlsError(end.error)) {
    const hint = "check the endpoint's certificate; NODE_EXTRA_CA_CERTS adds a private authority";
    return fault('SG5017', 'human', text, hint);
  }
  if (end.error === 'TimeoutError') {
    return fault(
      'SG5002',
      'retry',
      text,
      `${later}; if it lasts, check the network or raise issue.requestTimeout`,
    );
  }
  if (end.kind === 'unsent' || connectErrors.has(end.error)) {
    return fault('SG5001', 'retry', text, "check network, DNS and the fleet's region or endpoint");
  }
  return fault('SG5003', 'retry', text, later);
}

/** Node's names for having found nobody to talk to. Only the wording of a fault hangs on them, never an outcome. */
const connectErrors = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
]);

/** Node's names for certificates and handshakes that are not acceptable. Only the wording hangs on them. */
function isTlsError(error: string): boolean {
  return /CERT|SELF_SIGNED|UNABLE_TO_|^ERR_TLS|^ERR_SSL|^EPROTO$|CRL|INVALID_CA|INVALID_PURPOSE/.test(error);
}
