/**
 * What the service says. A reply is a value or one of these errors; each has the status and the class name that AWS
 * gives it, because that is all a client can tell them by.
 */
import type { Result } from '../lib/faults.ts';
import { failed } from '../lib/faults.ts';

/** Status by class. The first six are the service model's; the others come from the layers in front of a service. */
const statuses = {
  ValidationException: 400,
  ServiceQuotaExceededException: 402,
  AccessDeniedException: 403,
  ResourceNotFoundException: 404,
  ThrottlingException: 429,
  InternalServerException: 500,
  SerializationException: 400,
  MissingAuthenticationTokenException: 403,
  IncompleteSignatureException: 403,
  InvalidSignatureException: 403,
  UnrecognizedClientException: 403,
  ExpiredTokenException: 403,
  UnknownOperationException: 404,
  MethodNotAllowedException: 405,
  RequestEntityTooLargeException: 413,
  UnsupportedMediaTypeException: 415,
  ServiceUnavailableException: 503,
} as const;

export type ErrorCode = keyof typeof statuses;

export interface ApiError {
  readonly code: ErrorCode;
  readonly status: number;
  readonly message: string;
  /** Sent as `Retry-After`, in whole seconds. */
  readonly retryAfterSeconds?: number;
}

export type Reply<T> = Result<T, ApiError>;

/** An error with the status that belongs to its class. */
export function apiError(code: ErrorCode, message: string, retryAfterSeconds?: number): ApiError {
  const status = statuses[code];
  return retryAfterSeconds === undefined
    ? { code, status, message }
    : { code, status, message, retryAfterSeconds };
}

/** {@link apiError} as a reply. */
export function refuse(code: ErrorCode, message: string): { readonly ok: false; readonly fault: ApiError } {
  return failed(apiError(code, message));
}
