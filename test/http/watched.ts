/** A controller in a world of doubles, with the books that a daemon keeps, and what it tells of itself. */
import type { HttpConfig } from '../../src/config/config.ts';
import { type ControllerStatus, PassBook, readStatus } from '../../src/controller/status.ts';
import { type App, makeApp } from '../../src/http/app.ts';
import { Metrics } from '../../src/http/metrics.ts';
import type { Listener, Route } from '../../src/http/route.ts';
import { makeRoutes } from '../../src/http/routes.ts';
import { readMoment } from '../../src/lib/clock.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { type LifeOptions, World } from '../controller/world.ts';
import { expectApiAnswer } from './api-documents.ts';

export const token = 'a-token-of-the-tests-0123456789';

export class Watched {
  readonly world = new World();
  readonly life;
  readonly book: PassBook;

  constructor(options: LifeOptions = {}) {
    this.life = this.world.start(options);
    // A branch that was never pushed to would be told as out of reach.
    this.world.commit({});
    this.book = new PassBook(readMoment(this.life.c.clock), this.life.c.journal);
  }

  /** One turn of the loop. */
  async pass(): Promise<void> {
    const { c } = this.life;
    this.book.noteBegin(readMoment(c.clock));
    this.book.noteReport(await this.life.pass(), readMoment(c.clock));
  }

  status(): ControllerStatus {
    return readStatus(this.life.c, this.book);
  }
}

export const openHttp: HttpConfig = {
  web: { host: '127.0.0.1', port: 0 },
  hooks: { host: '127.0.0.1', port: 0 },
  probes: { host: '127.0.0.1', port: 0 },
  hookSecretFiles: new Map([
    ['github', ['github-secret']],
    ['generic', ['generic-secret']],
  ]),
  tokenFiles: ['token'],
  redactDevices: false,
};

export interface AppSettings {
  readonly config?: Partial<HttpConfig>;
  readonly status?: () => ControllerStatus;
  readonly tokens?: readonly string[] | null;
  readonly checksHost?: boolean;
  readonly redactor?: ReturnType<typeof createRedactor>;
  readonly metrics?: Metrics;
}

export function routesOf(watched: Watched, settings: AppSettings = {}): Route[] {
  const { config, status, redactor, metrics } = settings;
  return makeRoutes({
    config: { ...openHttp, ...config },
    controllerConfig: watched.life.c.config,
    readStatus: status ?? (() => watched.status()),
    subscribe: (listener) => watched.book.subscribe(listener),
    metrics: metrics ?? new Metrics('1.2.3'),
    redactor: redactor ?? createRedactor(),
    answerHook: async () => new Response(null, { status: 202 }),
  });
}

/** The application of one listener, with the token of the tests. Each document of the API is held against its schema. */
export function appOf(listener: Listener, watched: Watched, settings: AppSettings = {}): App {
  const { tokens = [token], checksHost = false } = settings;
  const app = makeApp({
    listener,
    routes: routesOf(watched, settings),
    readTokens: tokens === null ? null : async () => tokens,
    checksHost,
    closing: new AbortController().signal,
    onAnswer: () => undefined,
    onBug: (error) => {
      throw error;
    },
  });
  return async (request) => {
    const answer = await app(request);
    await expectApiAnswer(request, answer.clone());
    return answer;
  };
}

export function ask(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Request {
  return new Request(`http://127.0.0.1${path}`, { method, headers });
}

export const bearer = { authorization: `Bearer ${token}` };
