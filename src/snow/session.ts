import type { FleetConfig } from '../config/config.ts';
import type { Read, ReadFailure } from '../controller/ports.ts';
import { type Clock, elapsedMs, type Moment, readMoment } from '../lib/clock.ts';
import { failed, fault, ok, type Result } from '../lib/faults.ts';
import type { Redactor } from '../lib/redact.ts';
import { provesAccount } from './endpoint.ts';
import {
  askIdentity,
  type Credentials,
  createUnfinished,
  fetchCredentials,
  type Identity,
  type StsOptions,
} from './sts.ts';

/** Credentials that may sign: fetched, and where the fleet names an account, proved to be that account's. */
interface Held {
  readonly credentials: Credentials;
  readonly fetched: Moment;
  /** From this age on they are fetched again; from `deadMs` on they are not used any more. */
  readonly refreshMs: number;
  readonly deadMs: number;
  readonly account: string;
  readonly proved: Moment;
}

export interface SessionOptions extends StsOptions {
  readonly clock: Clock;
  readonly redactor: Redactor;
}

/** Credentials without an end (keys in files) are read again this often: a rotated file is in use after this time. */
const rereadMs = 300_000;
/** Such credentials are used this long when they cannot be read any more: a file being replaced is no outage. */
const rereadDeadMs = 900_000;
/** Nothing is signed with credentials this close to their end: AWS's clock may be ahead, and an answer takes time. */
const expiryMarginMs = 60_000;
/** A proof is asked again this often where somebody waits for it anyway; it cannot change for the same keys. */
const proofLifeMs = 300_000;
/** After a refresh that failed while the old credentials still serve, the next try waits: calls must not queue behind it. */
const refreshPauseMs = 30_000;

/**
 * A fleet's credentials: fetched once for all who ask at the same time, fetched again well before their end, and
 * never given out to sign anything before they are proved. The only cache: the SDK's own is circumvented.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #fleet: FleetConfig;
  readonly #unfinished = createUnfinished();
  #held: Held | null = null;
  #pending: Promise<Result<Held, ReadFailure>> | null = null;
  #lastFailure: Moment | null = null;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#fleet = options.fleet;
  }

  /** Makes sure that there are proved credentials to sign with. Never rejects. */
  async ready(): Promise<Result<{ readonly account: string }, ReadFailure>> {
    const now = readMoment(this.#options.clock);
    const held = this.#held;
    if (held !== null) {
      const age = elapsedMs(held.fetched, now);
      const paused = this.#lastFailure !== null && elapsedMs(this.#lastFailure, now) < refreshPauseMs;
      if (age < held.refreshMs || (age < held.deadMs && paused)) return ok(held);
    }
    const answer = await this.#refresh();
    if (answer.ok || this.#held === null) return answer;
    const age = elapsedMs(this.#held.fetched, readMoment(this.#options.clock));
    return age < this.#held.deadMs ? ok(this.#held) : answer;
  }

  /** The same, with a proof that is not older than five minutes. */
  async prove(): Promise<Read<{ readonly account: string }>> {
    const ready = await this.ready();
    if (!ready.ok) return ready.fault;
    const held = this.#held;
    if (held === null) return { kind: 'ok', value: { account: ready.value.account } };
    const now = readMoment(this.#options.clock);
    if (!provesAccount(this.#fleet) || elapsedMs(held.proved, now) < proofLifeMs) {
      return { kind: 'ok', value: { account: held.account } };
    }
    const identity = await this.#identify(held.credentials);
    if (!identity.ok) {
      if (identity.fault.kind === 'denied') this.distrust();
      return identity.fault;
    }
    if (this.#held === held) this.#held = { ...held, proved: readMoment(this.#options.clock) };
    const { account, ...server } = identity.value;
    return { kind: 'ok', value: { account }, ...server };
  }

  /** AWS did not accept the credentials: the next who asks fetches others. */
  distrust(): void {
    this.#held = null;
    this.#lastFailure = null;
  }

  /**
   * What the SDK signs with. The end lies in the past on purpose: the SDK keeps credentials without one for ever, and
   * others until five minutes before it; this way it asks here each time, and only proved ones are given.
   */
  readonly signing = async (): Promise<Credentials> => {
    const held = this.#held;
    if (held === null) throw new Error('there are no proved credentials to sign with');
    return { ...held.credentials, expiration: new Date(0) };
  };

  #refresh(): Promise<Result<Held, ReadFailure>> {
    this.#pending ??= this.#fetch().finally(() => {
      this.#pending = null;
    });
    return this.#pending;
  }

  async #fetch(): Promise<Result<Held, ReadFailure>> {
    const fetched = readMoment(this.#options.clock);
    const answer = await fetchCredentials(this.#options, this.#unfinished);
    if (!answer.ok) return this.#failure(answer.fault);
    const credentials = answer.value;
    const { secretAccessKey, sessionToken } = credentials;
    const { redactor, fleet } = this.#options;
    redactor.register(secretAccessKey, `secret key of fleet ${fleet.name}`);
    if (sessionToken !== undefined) redactor.register(sessionToken, `session token of fleet ${fleet.name}`);
    const life = lifeOf(credentials, fetched.wallMs);
    if (life.deadMs <= 0) return this.#failure(this.#expired(credentials));
    const before = this.#held;
    if (before !== null && sameKeys(before.credentials, credentials)) {
      this.#held = { ...before, ...life, credentials, fetched };
    } else {
      const identity = await this.#identify(credentials);
      if (!identity.ok) return this.#failure(identity.fault);
      const proved = readMoment(this.#options.clock);
      this.#held = { credentials, fetched, ...life, account: identity.value.account, proved };
    }
    this.#lastFailure = null;
    return ok(this.#held);
  }

  #failure(failure: ReadFailure): Result<Held, ReadFailure> {
    this.#lastFailure = readMoment(this.#options.clock);
    return failed(failure);
  }

  async #identify(credentials: Credentials): Promise<Result<Identity, ReadFailure>> {
    if (!provesAccount(this.#fleet)) return ok({ account: '' });
    const identity = await askIdentity(this.#options, credentials);
    if (!identity.ok || identity.value.account === this.#fleet.account) return identity;
    const { account, ...server } = identity.value;
    const text = `fleet ${this.#fleet.name} is account ${this.#fleet.account}, but its credentials are of account ${account}`;
    const hint =
      'nothing is asked of AWS until they agree: correct account or roleArn, or give it the right credentials';
    return failed({ ...server, kind: 'denied', fault: fault('SG5014', 'human', text, hint) });
  }

  #expired(credentials: Credentials): ReadFailure {
    const end = credentials.expiration?.toISOString() ?? 'an unknown time';
    const text = `credentials of fleet ${this.#fleet.name}: those that were fetched end at ${end}, which is too near or past`;
    const hint = "check the machine's clock, and what renews the credentials";
    return { kind: 'failed', fault: fault('SG5018', 'retry', text, hint) };
  }
}

/** A third of the life is left when a refresh begins: an outage of STS of that length is not felt. */
function lifeOf(credentials: Credentials, wallMs: number): { refreshMs: number; deadMs: number } {
  if (credentials.expiration === undefined) return { refreshMs: rereadMs, deadMs: rereadDeadMs };
  const deadMs = credentials.expiration.getTime() - wallMs - expiryMarginMs;
  return { refreshMs: (deadMs * 2) / 3, deadMs };
}

function sameKeys(a: Credentials, b: Credentials): boolean {
  return (
    a.accessKeyId === b.accessKeyId &&
    a.secretAccessKey === b.secretAccessKey &&
    a.sessionToken === b.sessionToken
  );
}
