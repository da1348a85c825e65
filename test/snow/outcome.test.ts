import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RawAnswer } from '../../src/snow/answer.ts';
import { readAnswer } from '../../src/snow/answer.ts';
import { createOutcome } from '../../src/snow/outcome.ts';

/** The only pairs of status and class that say that no task was made; written again, by hand, from DESIGN 5. */
const madeNone: Readonly<Record<string, string>> = {
  '400 ValidationException': 'refused',
  '404 ResourceNotFoundException': 'refused',
  '402 ServiceQuotaExceededException': 'throttled',
  '429 ThrottlingException': 'throttled',
  '403 AccessDeniedException': 'denied',
};

const credentialTypes = ['ExpiredTokenException', 'InvalidSignatureException', 'UnrecognizedClientException'];

const types = fc.constantFrom(
  undefined,
  'ValidationException',
  'ResourceNotFoundException',
  'ServiceQuotaExceededException',
  'ThrottlingException',
  'AccessDeniedException',
  'InternalServerException',
  'TooManyRequestsException',
  'UnknownOperationException',
  'constructor',
  '__proto__',
  '',
  'Validation Exception',
  'ValidationException, ValidationException',
  ...credentialTypes,
);

const statuses = fc.constantFrom(
  0,
  100,
  200,
  201,
  204,
  302,
  400,
  401,
  402,
  403,
  404,
  408,
  409,
  413,
  429,
  500,
  502,
  503,
  504,
);

const bodies = fc.oneof(
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.string(),
  fc.constant('{"message":"words"}'),
  fc.constant('{"taskId":"st-1"}'),
);

function raw(status: number, type: string | undefined, body: string, cut: boolean): RawAnswer {
  return {
    status,
    headers: type === undefined ? {} : { 'x-amzn-errortype': type },
    wallMs: 0,
    body: cut ? { kind: 'cut', why: 'cut' } : { kind: 'whole', bytes: Buffer.from(body) },
  };
}

function isObject(body: string): boolean {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

describe('the table of outcomes', () => {
  it('says that no task was made only for the modelled pairs, with a whole body of JSON', () => {
    fc.assert(
      fc.property(statuses, types, bodies, fc.boolean(), (status, type, body, cut) => {
        const { kind } = createOutcome({
          kind: 'answered',
          answer: readAnswer(raw(status, type, body, cut)),
        });
        const pair =
          madeNone[`${status} ${type}`] ??
          (status === 403 && type !== undefined && credentialTypes.includes(type) ? 'denied' : 'unknown');
        if (kind === 'issued') {
          expect({ status, type, cut }).toMatchObject({ status: 200, cut: false });
          expect((JSON.parse(body) as { taskId: unknown }).taskId).toBeTypeOf('string');
        } else expect(kind).toBe(cut || !isObject(body) ? 'unknown' : pair);
      }),
      { numRuns: 3000 },
    );
  });

  it('never says so of a call that was handed over and not answered', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (error, message) => {
        expect(createOutcome({ kind: 'silent', error, message })).toEqual({
          kind: 'unknown',
          error,
          message,
          requestId: null,
        });
      }),
    );
  });

  it.each(['credentials', 'connection', 'gate'] as const)(
    'says unsent, and why, of what was not handed over: %s',
    (reason) => {
      expect(createOutcome({ kind: 'unsent', reason, error: 'x', message: 'm' })).toEqual({
        kind: 'unsent',
        reason,
        message: 'm',
      });
    },
  );

  it.each([
    ['7', 7000],
    ['0', 0],
    ['3601', 3_600_000],
    ['-1', undefined],
    ['1.5', undefined],
    ['soon', undefined],
    ['Thu, 01 Jan 1970 00:00:09 GMT', 9000],
    ['Wed, 31 Dec 1969 00:00:00 GMT', 0],
    ['Fri, 01 Jan 2100 00:00:00 GMT', 3_600_000],
  ])('reads Retry-After %j as %s ms', (header, expected) => {
    const answer = { ...raw(429, 'ThrottlingException', '{}', false) };
    const outcome = createOutcome({
      kind: 'answered',
      answer: readAnswer({ ...answer, headers: { ...answer.headers, 'retry-after': header } }),
    });
    expect(outcome.kind === 'throttled' && outcome.retryAfterMs).toBe(expected);
  });
});
