/**
 * One request to the service, from its parts to what goes back over the wire, as a value: everything the server does but
 * the socket. AWS's order: is there such an operation, who asks, is it a fault's turn, then the operation.
 */
import type { ApiError } from './answer.ts';
import { apiError } from './answer.ts';
import type { Fleet } from './fleet.ts';
import { makeRequestId } from './identity.ts';
import { performCall } from './operations.ts';
import type { WireParts } from './proof.ts';
import { proveClaim } from './proof.ts';
import type { Json } from './render.ts';
import type { Route } from './routes.ts';
import { findRoute } from './routes.ts';
import type { Rule } from './rules.ts';
import { decideFault, meaningOf } from './rules.ts';
import type { Service } from './service.ts';
import { findFleet } from './service.ts';
import type { SignatureHeaders } from './signature.ts';
import { readSignature } from './signature.ts';

export interface Incoming {
  readonly method: string;
  /** Without the query, percent-encoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly signature: SignatureHeaders;
  /** What a signature is proved by; without it none can be. */
  readonly wire?: WireParts;
  readonly contentType: string | undefined;
  readonly bodyText: string;
}

/** What is sent, or that nothing is. `cut` closes the connection in the middle of the body. */
export type Outgoing =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly cut: boolean;
    }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

/** A request understood so far, waiting for its operation to be performed. */
export interface Exchange {
  readonly requestId: string;
  readonly operation: string;
  readonly fleet: Fleet | null;
  readonly rule: Rule | null;
  /** How long to wait before the operation is performed, and between that and the answer. */
  readonly waitBeforeMs: number;
  readonly waitAfterMs: number;
  /** Performs the operation, if it is to be, and gives what goes back. To be called once. */
  finish(nowMs: number): Finished;
}

interface Finished {
  readonly outgoing: Outgoing;
  readonly error: string | null;
  readonly clientToken: string | null;
  readonly taskId: string | null;
}

/** Takes in a request at the server's own time `serverMs`, and decides what becomes of it. */
export function beginExchange(service: Service, incoming: Incoming, serverMs: number): Exchange {
  service.requests += 1;
  const requestId = makeRequestId(service.seed, service.requests);
  const route = findRoute(incoming.method, incoming.path);
  if (route.kind !== 'operation') {
    return refuseExchange(requestId, 'Unknown', routeError(route), allowHeader(route));
  }
  const { operation } = route;
  const claim = readSignature(incoming.signature, serverMs, service.checkSkew);
  if (!claim.ok) return refuseExchange(requestId, operation, claim.fault);
  const found = findFleet(service, claim.value);
  if (!found.ok) return refuseExchange(requestId, operation, found.fault);
  const proof = proveClaim(service.signingKeys, claim.value, incoming);
  if (!proof.ok) return refuseExchange(requestId, operation, proof.fault);
  const fleet = found.value;
  if (incoming.bodyText !== '' && !/^application\/json\b/i.test(incoming.contentType ?? '')) {
    return refuseExchange(
      requestId,
      operation,
      apiError('UnsupportedMediaTypeException', 'The content type of a body must be application/json'),
    );
  }
  const { account, region } = fleet;
  const rule = decideFault(service.rules, { operation, account, region }, service.fraction);
  const meaning = rule === null ? null : meaningOf(rule.effect);
  const delayMs = rule?.delayMs ?? 0;
  return {
    requestId,
    operation,
    fleet,
    rule,
    waitBeforeMs: meaning?.applies === 'late' ? delayMs : 0,
    waitAfterMs: meaning?.applies === 'late' ? 0 : delayMs,
    finish: (nowMs) => finishExchange({ fleet, route, incoming, rule, requestId }, nowMs),
  };
}

function routeError(route: Exclude<Route, { kind: 'operation' }>): ApiError {
  return route.kind === 'unknown'
    ? apiError('UnknownOperationException', 'No operation has this path')
    : apiError('MethodNotAllowedException', `This path takes ${route.allow.join(' or ')}`);
}

function allowHeader(route: Exclude<Route, { kind: 'operation' }>): Record<string, string> {
  return route.kind === 'wrongMethod' ? { allow: route.allow.join(', ') } : {};
}

function refuseExchange(
  requestId: string,
  operation: string,
  error: ApiError,
  headers: Readonly<Record<string, string>> = {},
): Exchange {
  return {
    requestId,
    operation,
    fleet: null,
    rule: null,
    waitBeforeMs: 0,
    waitAfterMs: 0,
    finish: () => ({
      outgoing: answerError(requestId, error, headers),
      error: error.code,
      clientToken: null,
      taskId: null,
    }),
  };
}

interface Pending {
  readonly fleet: Fleet;
  readonly route: Extract<Route, { kind: 'operation' }>;
  readonly incoming: Incoming;
  readonly rule: Rule | null;
  readonly requestId: string;
}

function finishExchange(pending: Pending, nowMs: number): Finished {
  const { fleet, route, incoming, rule, requestId } = pending;
  const meaning = rule === null ? null : meaningOf(rule.effect);
  const reply =
    meaning?.applies === 'never'
      ? null
      : performCall(
          fleet,
          {
            operation: route.operation,
            params: route.params,
            query: incoming.query,
            bodyText: incoming.bodyText,
            emptyPage: meaning?.disturbance.kind === 'emptyPage',
            ...(rule?.effect === 'cancelLost' ? { cancelLoses: true } : {}),
            ...(rule?.lateEffectMs === undefined ? {} : { lateEffectMs: rule.lateEffectMs }),
          },
          nowMs,
        );
  const natural =
    reply === null
      ? answerJson(requestId, {})
      : reply.ok
        ? answerJson(requestId, reply.value)
        : answerError(requestId, reply.fault);
  const outgoing = meaning === null || rule === null ? natural : disturb(natural, rule, requestId);
  const taskId = reply?.ok === true ? reply.value.taskId : undefined;
  return {
    outgoing,
    error: outgoing.kind === 'answer' ? (outgoing.headers['x-amzn-errortype'] ?? null) : null,
    clientToken: route.operation === 'CreateTask' ? findToken(incoming.bodyText) : null,
    taskId: typeof taskId === 'string' ? taskId : (route.params.taskId ?? null),
  };
}

function disturb(natural: Outgoing & { readonly kind: 'answer' }, rule: Rule, requestId: string): Outgoing {
  const { disturbance } = meaningOf(rule.effect);
  switch (disturbance.kind) {
    case 'error': {
      const error = apiError(disturbance.code, disturbance.message, rule.retryAfterSeconds);
      return answerError(requestId, error);
    }
    case 'html':
      return {
        kind: 'answer',
        status: disturbance.status,
        headers: { 'content-type': 'text/html' },
        body: '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n',
        cut: false,
      };
    case 'cutJson':
      return { ...natural, body: natural.body.slice(0, Math.ceil(natural.body.length / 2)) };
    case 'cutBody':
      return { ...natural, cut: true };
    case 'empty':
      return answerJson(requestId, {});
    case 'cut':
      return { kind: 'reset' };
    case 'hang':
      return { kind: 'hang' };
    case 'emptyPage':
    case 'slow':
      return natural;
  }
}

function answerJson(requestId: string, body: Json): Outgoing & { readonly kind: 'answer' } {
  return {
    kind: 'answer',
    status: 200,
    headers: { 'content-type': 'application/json', 'x-amzn-requestid': requestId },
    body: JSON.stringify(body),
    cut: false,
  };
}

/** An error as AWS writes it. */
export function answerError(
  requestId: string,
  error: ApiError,
  headers: Readonly<Record<string, string>> = {},
): Outgoing & { readonly kind: 'answer' } {
  return {
    kind: 'answer',
    status: error.status,
    headers: {
      'content-type': 'application/json',
      'x-amzn-requestid': requestId,
      'x-amzn-errortype': error.code,
      ...(error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) }),
      ...headers,
    },
    body: JSON.stringify({ message: error.message }),
    cut: false,
  };
}

function findToken(bodyText: string): string | null {
  try {
    const body: unknown = JSON.parse(bodyText);
    const token =
      typeof body === 'object' && body !== null && 'clientToken' in body ? body.clientToken : null;
    return typeof token === 'string' ? token.slice(0, 64) : null;
  } catch {
    return null;
  }
}
