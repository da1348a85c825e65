/**
 * Faults to order. A rule names operations, how often it strikes, and one effect; the first rule that strikes decides. Rules
 * with `times` are used up; rules with `probability` draw from the generator they are given, so that a seed repeats a run.
 */
import type { ErrorCode } from './answer.ts';

/** What the caller gets instead of the answer; `error` by class, the others as their names say. */
type Disturbance =
  | { readonly kind: 'error'; readonly code: ErrorCode; readonly message: string }
  /** A proxy's page. */
  | { readonly kind: 'html'; readonly status: 502 }
  /** Status 200 and half of the answer's JSON, properly framed. */
  | { readonly kind: 'cutJson' }
  /** Status 200, and the connection closed in the middle of the body. */
  | { readonly kind: 'cutBody' }
  /** Status 200 and `{}`. */
  | { readonly kind: 'empty' }
  /** A page with nothing on it and a nextToken; only listings. */
  | { readonly kind: 'emptyPage' }
  /** The connection reset without an answer. */
  | { readonly kind: 'cut' }
  /** No answer for as long as the caller holds on. */
  | { readonly kind: 'hang' }
  /** The right answer, late. */
  | { readonly kind: 'slow' };

interface EffectMeaning {
  /** When the operation itself happens: at once, after the delay, or never. */
  readonly applies: 'never' | 'first' | 'late';
  readonly disturbance: Disturbance;
}

function strike(applies: EffectMeaning['applies'], code: ErrorCode, message: string): EffectMeaning {
  return { applies, disturbance: { kind: 'error', code, message } };
}

/**
 * Every effect that a rule can have. Names that end in `After` do the work before they fail. `cancelLost` is about the work
 * and not the answer: to a CancelTask it does what the setting `cancelLoses` does, to anything else nothing.
 */
const effects = {
  throttle: strike('never', 'ThrottlingException', 'Rate exceeded'),
  quota: strike('never', 'ServiceQuotaExceededException', 'The quota of tasks is used up'),
  internal: strike('never', 'InternalServerException', 'An internal error occurred'),
  internalAfter: strike('first', 'InternalServerException', 'An internal error occurred'),
  unavailable: strike('never', 'ServiceUnavailableException', 'The service is unavailable'),
  accessDenied: strike('never', 'AccessDeniedException', 'The caller may not perform this operation'),
  expiredToken: strike(
    'never',
    'ExpiredTokenException',
    'The security token included in the request is expired',
  ),
  invalidToken: strike(
    'never',
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
  ),
  validation: strike('never', 'ValidationException', 'The request was refused by a rule of the simulator'),
  notFound: strike(
    'never',
    'ResourceNotFoundException',
    'The resource was hidden by a rule of the simulator',
  ),
  html502: { applies: 'never', disturbance: { kind: 'html', status: 502 } },
  html502After: { applies: 'first', disturbance: { kind: 'html', status: 502 } },
  cutJson: { applies: 'first', disturbance: { kind: 'cutJson' } },
  cutBody: { applies: 'first', disturbance: { kind: 'cutBody' } },
  empty: { applies: 'first', disturbance: { kind: 'empty' } },
  emptyPage: { applies: 'first', disturbance: { kind: 'emptyPage' } },
  cutBefore: { applies: 'never', disturbance: { kind: 'cut' } },
  cutAfter: { applies: 'first', disturbance: { kind: 'cut' } },
  hang: { applies: 'never', disturbance: { kind: 'hang' } },
  hangAfter: { applies: 'first', disturbance: { kind: 'hang' } },
  cancelLost: { applies: 'first', disturbance: { kind: 'slow' } },
  slow: { applies: 'first', disturbance: { kind: 'slow' } },
  slowBefore: { applies: 'late', disturbance: { kind: 'slow' } },
} as const satisfies Record<string, EffectMeaning>;

export type EffectName = keyof typeof effects;

export const effectNames = Object.keys(effects) as readonly EffectName[];

/** What an effect does to a call. */
export function meaningOf(effect: EffectName): EffectMeaning {
  return effects[effect];
}

/** A rule as it is written. Without `times` and `probability` it strikes every time until it is taken away. */
export interface RuleOptions {
  /** An operation's name, or `*`. */
  readonly operation: string;
  readonly effect: EffectName;
  /** Strikes so often, then is gone. */
  readonly times?: number;
  /** 0 to 1. */
  readonly probability?: number;
  /** Lets so many matching calls pass first. */
  readonly skip?: number;
  /** How late the answer is, for any effect that answers. */
  readonly delayMs?: number;
  /** `Retry-After` of an error. */
  readonly retryAfterSeconds?: number;
  /** For an effect that does the work: how late it shows, instead of `lateEffectMs` (CreateTask), `cancelLagMs` (CancelTask). */
  readonly lateEffectMs?: number;
  readonly account?: string;
  readonly region?: string;
}

export interface Rule extends RuleOptions {
  readonly id: number;
  /** Strikes left; Infinity without `times`. */
  left: number;
  passed: number;
  struck: number;
}

/** A rule that has not struck yet. */
export function makeRule(options: RuleOptions, id: number): Rule {
  return { ...options, id, left: options.times ?? Infinity, passed: 0, struck: 0 };
}

/** The rule that strikes this call, used up by one; null where the call goes through. */
export function decideFault(
  rules: readonly Rule[],
  call: { readonly operation: string; readonly account: string; readonly region: string },
  fraction: () => number,
): Rule | null {
  for (const rule of rules) {
    if (rule.left <= 0) continue;
    if (rule.operation !== '*' && rule.operation !== call.operation) continue;
    if (rule.account !== undefined && rule.account !== call.account) continue;
    if (rule.region !== undefined && rule.region !== call.region) continue;
    if (rule.passed < (rule.skip ?? 0)) {
      rule.passed += 1;
      continue;
    }
    if (rule.probability !== undefined && fraction() >= rule.probability) continue;
    rule.left -= 1;
    rule.struck += 1;
    return rule;
  }
  return null;
}
