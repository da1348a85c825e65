/** The HTTP side of a daemon: what it watches is the controller's status, and all that it can do is to ask for a pass. */
import type { ControllerConfig, HookProvider, HttpConfig } from './config/config.ts';
import type { Bell } from './controller/loop.ts';
import type { Journal } from './controller/ports.ts';
import type { ControllerStatus } from './controller/status.ts';
import {
  createHookHandler,
  type DeliveryResult,
  type HookOptions,
  type SecretReader,
} from './http/hook-handler.ts';
import type { WatchedPlace } from './http/hook-hint.ts';
import { createPoker } from './http/hook-poker.ts';
import type { Metrics } from './http/metrics.ts';
import { makeRoutes } from './http/routes.ts';
import { judgeHookSecret, secretReader } from './http/secret-files.ts';
import { type HttpServer, startServer } from './http/server.ts';
import type { Clock } from './lib/clock.ts';
import { ok, type Result } from './lib/faults.ts';
import type { Redactor } from './lib/redact.ts';
import { Sieve } from './lib/sieve.ts';

export interface HttpOptions {
  readonly config: ControllerConfig;
  readonly http: HttpConfig;
  readonly readStatus: () => ControllerStatus;
  /** Has the listener told of each pass that ends, until the answer is called. */
  readonly subscribe: (listener: () => void) => () => void;
  readonly metrics: Metrics;
  readonly bell: Bell;
  readonly journal: Journal;
  readonly redactor: Redactor;
  readonly clock: Clock;
}

/** Opens what `http` names. Fault: SG7031. */
export async function openHttp(options: HttpOptions): Promise<Result<HttpServer>> {
  const { config, http, metrics, bell, journal, redactor, clock } = options;
  const poker = createPoker(clock, () => {
    journal.write('debug', 'a webhook asks for a pass');
    bell.ring();
  });
  const answerHook = createHookHandler({
    secrets: new Map(
      [...http.hookSecretFiles].map(([name, files]) => [name, hookSecrets(name, files, options)]),
    ),
    watched: watchedPlaces(config),
    poke: () => poker.poke(),
    onDelivery: tellDeliveries(options),
    clock,
  });
  const { readStatus, subscribe } = options;
  const status = { readStatus, subscribe };
  const routes = makeRoutes({
    config: http,
    controllerConfig: config,
    ...status,
    metrics,
    redactor,
    answerHook,
  });
  const server = await startServer({ config: http, routes, metrics, journal, redactor });
  if (!server.ok) return server;
  return ok({
    addresses: server.value.addresses,
    close: async () => {
      poker.close();
      await server.value.close();
    },
  });
}

/** Anybody who reaches the port can send what is refused: the log tells of the first, and of the others how many they were. */
const refusalsMs = 10 * 60_000;
const refusals: Partial<Readonly<Record<DeliveryResult, string>>> = {
  unauthorized: 'webhook delivery refused: its signature is missing or wrong',
  busy: 'webhook delivery refused: too many are being read',
};

function tellDeliveries({ metrics, journal, clock }: HttpOptions): HookOptions['onDelivery'] {
  const sieve = new Sieve(refusalsMs);
  return ({ provider, result }) => {
    metrics.count('snowgate_webhook_deliveries_total', { provider, result });
    const refusal = refusals[result];
    if (refusal === undefined) {
      journal.write('debug', 'webhook delivery', { provider, result });
      return;
    }
    const more = sieve.take(`${provider} ${result}`, clock.monotonicMs());
    if (more !== null) journal.write('warn', refusal, { provider, more });
  };
}

/** Everything that a push may be about; the ledger is written to by whoever shares it. */
function watchedPlaces({ source, policySource, ledger }: ControllerConfig): WatchedPlace[] {
  const places = { source, policySource, ledger };
  const names = ['source', 'policySource', 'ledger'] as const;
  return names.flatMap((name) => {
    const place = places[name];
    return place === undefined ? [] : [{ name, url: place.url, branch: place.branch }];
  });
}

function hookSecrets(
  provider: HookProvider,
  files: readonly string[],
  { journal, redactor }: HttpOptions,
): SecretReader {
  const read = secretReader({
    files,
    what: `${provider} webhook secret`,
    judge: (secret, file) => judgeHookSecret(provider, secret, file),
    tell: ({ code, message }) =>
      journal.write('warn', 'webhook secret cannot be used', { provider, code, reason: message }),
    redactor,
  });
  return async () => ok(await read());
}
