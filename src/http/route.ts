/** What a route is, and what routes are made from. */
import type { ControllerConfig, HttpConfig } from '../config/config.ts';
import type { ControllerStatus } from '../controller/status.ts';
import type { Redactor } from '../lib/redact.ts';
import type { HookHandler } from './hook-handler.ts';
import type { Metrics } from './metrics.ts';

export type Listener = 'web' | 'hooks' | 'probes';

/** `nothing` is for what tells nothing that is worth asking for. */
export type Need = 'token' | 'signature' | 'nothing';

export interface Route {
  readonly listener: Listener;
  readonly method: 'GET' | 'POST';
  /** With parameters as `:name`. */
  readonly path: string;
  readonly needs: Need;
  /** `closing` aborts when the listener ends: an answer that goes on ends with it. */
  answer(
    request: Request,
    parameters: Readonly<Record<string, string>>,
    closing: AbortSignal,
  ): Response | Promise<Response>;
}

export interface RouteOptions {
  readonly config: HttpConfig;
  readonly controllerConfig: ControllerConfig;
  /** Cheap; called at each request. */
  readonly readStatus: () => ControllerStatus;
  /** Has the listener told of each pass that ends, until the answer is called. */
  readonly subscribe: (listener: () => void) => () => void;
  readonly metrics: Metrics;
  readonly redactor: Redactor;
  readonly answerHook: HookHandler;
}

/** What the API answers. */
export const jsonType = 'application/json; charset=utf-8';

/** A line or two for whoever asked. */
export function textAnswer(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } });
}
