import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { ControllerConfig } from '../config/config.ts';
import type { LedgerCommit, LedgerStore } from '../controller/ports.ts';
import { withTemporaryDir } from '../git/ledger-audit.ts';
import { openLedger } from '../git/ledger-branch.ts';
import { encodeChecked } from '../ledger/codec.ts';
import { type Batch, formatVersion, type ResolvedEvent } from '../ledger/events.ts';
import { foldBatch } from '../ledger/fold.ts';
import { commitMessage, segmentPath } from '../ledger/message.ts';
import { type Receipt, receiptState } from '../ledger/receipt.ts';
import type { LedgerView } from '../ledger/view.ts';
import { systemClock } from '../lib/clock.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import type { Token } from '../manifest/manifest.ts';
import { loadConfig, stopBy } from './configuration.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { foldFetched, type LedgerReading, pushTimeoutMs } from './ledger-reading.ts';
import { findReceipts } from './ledger-show.ts';
import type { Format } from './options.ts';
import { formatJson, plain } from './print.ts';
import { readWanted } from './source-reading.ts';
import { closeOnStop } from './stop.ts';
import type { Surroundings } from './surroundings.ts';

export interface ResolveOptions {
  readonly config?: string;
  readonly created?: string;
  readonly notCreated?: true;
  readonly reason: string;
  readonly by?: string;
  readonly format: Format;
}

/** Other writers win the push now and then; so many times in a row means that something else is wrong. */
const roundsMax = 20;
/** Sends of one commit that nobody answers: about two minutes with the pauses below. */
const sendsMax = 10;
const resendFirstMs = 500;
const resendLastMs = 8_000;
/** A reason is read in a terminal and kept for ever. */
const reasonLengthMax = 500;
/** A name and an address, as Git has them; whoever needs more is telling a reason. */
const byLengthMax = 200;
const taskIdGrammar = /^[A-Za-z0-9._-]{1,64}$/;

/** Writes a person's word about one revision into the ledger: which task was made for it, or that none was. */
export async function resolveLedger(
  what: string,
  options: ResolveOptions,
  world: Surroundings,
): Promise<ExitCode> {
  const wrong = findMisuse(options);
  if (wrong !== null) return stopBy(wrong, exitCodes.usage, world).exit;
  const config = await loadConfig(options.config, world);
  if (!config.ok) return config.exit;
  const done = await withTemporaryDir('snowgate-resolve-', async (stateDir) => {
    const waits = { fetchTimeoutMs: config.value.source.limits.fetchTimeoutMs, pushTimeoutMs };
    const ledger = await openLedger(config.value.ledger, { ...waits, stateDir, redactor: world.redactor });
    if (!ledger.ok) return ledger;
    closeOnStop(world.stop, ledger.value);
    try {
      return await writeWord(what, options, config.value, ledger.value, world);
    } finally {
      await ledger.value.close();
    }
  });
  if (!done.ok) return stopBy(done.fault, exitCodes.unreachable, world).exit;
  if (!done.value.ok) {
    const { fault: reason } = done.value;
    return stopBy(reason, exitOf(reason), world).exit;
  }
  tell(done.value.value, options.format, world);
  return exitCodes.done;
}

function exitOf({ code }: Fault): ExitCode {
  if (code === 'SG7012') return exitCodes.usage;
  return /^SG(?:701[345]|4214)$/.test(code) ? exitCodes.findings : exitCodes.unreachable;
}

function findMisuse({ created, notCreated, reason, by }: ResolveOptions): Fault | null {
  const say = (message: string, hint: string): Fault => fault('SG7011', 'human', message, hint);
  if ((created === undefined) === (notCreated === undefined)) {
    return say(
      'say either --created TASKID or --not-created',
      'look for the task in AWS, by its tag snowgate:revision',
    );
  }
  if (created !== undefined && !taskIdGrammar.test(created)) {
    return say(`${JSON.stringify(created)} is no task id`, 'a task id looks like st-ficthmqoc2pht111');
  }
  if (reason.trim() === '' || reason.length > reasonLengthMax) {
    return say(
      `a reason has 1 to ${reasonLengthMax} characters`,
      'say how you know: it is all that an auditor will have',
    );
  }
  if (by !== undefined && (by.trim() === '' || by.length > byLengthMax)) {
    return say(`--by has 1 to ${byLengthMax} characters`, 'name the person who says so');
  }
  return null;
}

interface Written {
  readonly commit: string;
  readonly event: ResolvedEvent;
}

async function writeWord(
  what: string,
  options: ResolveOptions,
  config: ControllerConfig,
  ledger: LedgerStore,
  world: Surroundings,
): Promise<Result<Written>> {
  let reading: LedgerReading | null = null;
  for (let round = 0; round < roundsMax; round += 1) {
    const fetched = await ledger.fetch();
    if (fetched.kind !== 'fetched') return failed(fetched.fault);
    const folded = foldFetched(fetched, config.ledger, reading);
    if (!folded.ok) return folded;
    reading = folded.value;
    const event = await makeEvent(what, options, config, reading.view, world);
    if (!event.ok) return event;
    const batch = makeBatch(event.value, config, reading.view);
    const tip = reading.view.tip;
    const problem = foldBatch(structuredClone(reading.view), batch, 'not yet pushed');
    if (problem !== null) return failed(notNow(event.value, problem));
    const text = encodeChecked(batch);
    if (!text.ok) return text;
    const built = await ledger.commit({
      parent: tip,
      path: segmentPath(batch.header),
      text: text.value,
      message: commitMessage(batch),
      atMs: Date.parse(batch.header.at),
    });
    if (!built.ok) return built;
    const landed = await send(ledger, built.value, world);
    if (!landed.ok) return landed;
    if (landed.value === 'landed') return ok({ commit: built.value.commit, event: event.value });
  }
  return failed(unclear('other writers were quicker every time'));
}

async function makeEvent(
  what: string,
  { created, reason, by }: ResolveOptions,
  config: ControllerConfig,
  view: LedgerView,
  world: Surroundings,
): Promise<Result<ResolvedEvent>> {
  const base = {
    v: formatVersion,
    kind: 'resolved' as const,
    at: new Date(systemClock.wallMs()).toISOString(),
    taskId: created ?? null,
    reason: plain(reason),
    by: plain(by ?? whoAmI().slice(0, byLengthMax)),
  };
  const known = findReceipts(what, view);
  const [receipt, ...others] = known.ok ? known.value : [];
  if (receipt === undefined || (known.ok && others.length > 0)) {
    return /^[0-9a-f]{64}$/.test(what) && created !== undefined
      ? describeStranger(what, base, config, world)
      : failed(known.ok ? ambiguousName(what) : known.fault);
  }
  const early = tooEarly(receipt, created, config);
  if (early !== null) return failed(early);
  const { token, fleet, name } = receipt;
  if (receipt.revision === null) return describeStranger(token, base, config, world);
  return ok({ ...base, token, fleet, name, revision: null });
}

/**
 * A claim whose claimant may be alive is not for people to settle: it may be calling at this moment, or what it made may
 * not be listed yet. By the time that a takeover takes, by its written time, neither is so.
 */
function tooEarly(receipt: Receipt, created: string | undefined, config: ControllerConfig): Fault | null {
  const state = receiptState(receipt);
  if (created !== undefined || (state !== 'claimed' && state !== 'inDoubt')) return null;
  const claimedAt = receipt.attempts.at(-1)?.claimedAt ?? '';
  const readyMs = Date.parse(claimedAt) + config.recovery.takeoverMs;
  if (systemClock.wallMs() >= readyMs) return null;
  return fault(
    'SG7014',
    'wait',
    `${receipt.key} was claimed at ${claimedAt}, and what its call makes may not be listed yet`,
    `wait until ${new Date(readyMs).toISOString()}; a running controller settles it by itself`,
  );
}

/** A revision that this ledger has never seen: what it is, the source has to say. */
async function describeStranger(
  token: Token,
  base: Omit<ResolvedEvent, 'token' | 'fleet' | 'name' | 'revision'>,
  config: ControllerConfig,
  world: Surroundings,
): Promise<Result<ResolvedEvent>> {
  const wanted = await readWanted(config, world);
  if (!wanted.ok) return wanted;
  const task = [...wanted.value.desired.tasks.values()].find(({ manifest }) => manifest.token === token);
  const fleet = task === undefined ? undefined : config.fleets.get(task.manifest.fleet);
  if (task === undefined || fleet === undefined) return failed(unknownStranger(token));
  const { command, targets, run, name } = task.manifest;
  const identity = { account: fleet.account ?? '', region: fleet.region, endpoint: fleet.endpoint ?? '' };
  return ok({
    ...base,
    token,
    fleet: fleet.name,
    name,
    revision: { command, targets, taskRun: run, identity },
  });
}

function makeBatch(event: ResolvedEvent, config: ControllerConfig, view: LedgerView): Batch {
  const { replica } = config;
  const { source, policies } = view;
  const header = {
    v: formatVersion,
    kind: 'batch' as const,
    seq: view.seq + 1,
    replica,
    run: randomUUID(),
    source,
    policies,
  };
  return { header: { ...header, at: event.at }, events: [event] };
}

/** Sends one commit until its fate is known. */
async function send(
  ledger: LedgerStore,
  commit: LedgerCommit,
  world: Surroundings,
): Promise<Result<'landed' | 'lost'>> {
  let last = '';
  for (let sends = 0; sends < sendsMax && !world.stop.aborted; sends += 1) {
    const answer = await ledger.push(commit);
    if (answer.kind === 'landed' || answer.kind === 'lost') return ok(answer.kind);
    if (answer.kind === 'refused') return failed(answer.fault);
    last = answer.fault.message;
    await systemClock.sleep(Math.min(resendLastMs, resendFirstMs * 2 ** sends), world.stop);
  }
  return failed(unclear(last));
}

/** Whoever the operating system says: an assertion, like every author of Git. */
function whoAmI(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

function tell({ commit, event }: Written, format: Format, world: Surroundings): void {
  if (format === 'json') {
    world.stdout.write(formatJson({ commit, ...event }, world));
    return;
  }
  const became =
    event.taskId === null ? 'no task was made; it may be asked for again' : `issued as ${event.taskId}`;
  world.stdout.write(
    `${event.fleet}/${event.name} ${event.token.slice(0, 12)}: ${became}\nledger commit ${commit}\n`,
  );
}

function notNow(event: ResolvedEvent, problem: Fault): Fault {
  const why = problem.message.replace(/^.*?\): /, '');
  return fault(
    'SG7013',
    'human',
    `${event.fleet}/${event.name} (${event.token.slice(0, 12)}) cannot be resolved so: ${why}`,
    `snowgate ledger show ${event.token.slice(0, 12)} tells its life`,
  );
}

function ambiguousName(what: string): Fault {
  return fault(
    'SG7012',
    'human',
    `${what} has several revisions`,
    'name one by its token; snowgate ledger show lists them',
  );
}

function unknownStranger(token: Token): Fault {
  return fault(
    'SG7015',
    'human',
    `neither the ledger nor the source knows a revision with the token ${token}`,
    'restore the ledger, or bring the manifest back into the source as it was: the same manifest has the same token',
  );
}

function unclear(why: string): Fault {
  return fault(
    'SG7016',
    'retry',
    `it is not known whether the word was written: ${why}`,
    'run the command again: a word that is written twice is refused, not doubled',
  );
}
