/** The flags of `init`, read into answers. */
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import { findNearest } from '../lib/nearest.ts';
import { isTimeZone, listTimeZones } from '../policy/local-time.ts';
import {
  type FleetAnswer,
  type Forge,
  type InitAnswers,
  offeredPolicies,
  type WindowName,
} from './init-answers.ts';
import { judgeFleets, judgeUrl } from './init-config.ts';
import type { Format } from './options.ts';

export interface InitOptions {
  readonly fleet?: readonly string[];
  readonly timeZone?: string;
  readonly window?: WindowName;
  readonly policies?: string;
  readonly forge?: Forge;
  readonly source?: string;
  readonly ledger?: string;
  readonly taskOwners?: string;
  readonly policyOwners?: string;
  readonly yes?: true;
  readonly format: Format;
}

/** Mistakes that are told. */
const faultsMax = 20;

/** What the flags say; what they leave open is left out. Otherwise everything that is wrong with them, to a bound: SG7001 and faults of URLs. */
export function readInitOptions(
  options: InitOptions,
):
  | { readonly ok: true; readonly value: Partial<InitAnswers> }
  | { readonly ok: false; readonly faults: readonly Fault[] } {
  const { timeZone, window, forge, source, ledger } = options;
  const fleets = readFleets(options.fleet);
  const policies = readPolicyNames(options.policies);
  const faults = [fleets, policies].flatMap((read) => (read.ok ? [] : [read.fault]));
  const wrongZone = timeZone === undefined ? null : judgeTimeZone(timeZone);
  if (wrongZone !== null) faults.push(wrong('--time-zone', wrongZone));
  for (const [flag, written] of [
    ['--task-owners', options.taskOwners],
    ['--policy-owners', options.policyOwners],
  ] as const) {
    const trouble = written === undefined ? null : judgeOwners(written);
    if (trouble !== null) faults.push(wrong(flag, trouble));
  }
  for (const [key, url] of [
    ['source', source],
    ['ledger', ledger],
  ] as const) {
    const trouble = url === undefined ? null : judgeUrl(key, url);
    if (trouble !== null) faults.push(trouble);
  }
  if (!fleets.ok || !policies.ok || faults.length > 0)
    return { ok: false, faults: faults.slice(0, faultsMax) };
  const value = {
    ...(fleets.value === null ? {} : { fleets: fleets.value }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(window === undefined ? {} : { window }),
    ...(policies.value === null ? {} : { policies: policies.value }),
    ...(forge === undefined ? {} : { forge }),
    ...(source === undefined ? {} : { sourceUrl: source }),
    ...(ledger === undefined ? {} : { ledgerUrl: ledger }),
    ...readOwners(options.taskOwners, options.policyOwners),
  };
  return { ok: true, value };
}

function wrong(flag: string, reason: string): Fault {
  const [what = '', ...hint] = reason.split('; ');
  return fault('SG7001', 'human', `${flag}: ${what}`, hint.length === 0 ? undefined : hint.join('; '));
}

function readFleets(written: readonly string[] | undefined): Result<readonly FleetAnswer[] | null> {
  if (written === undefined) return ok(null);
  const fleets: FleetAnswer[] = [];
  for (const text of written) {
    const [name = '', region = '', account = '', ...rest] = text.split(':');
    const labels = readLabels(rest.join(':'));
    if (name === '' || region === '' || account === '' || labels === null) {
      const form = 'write NAME:REGION:ACCOUNT, or NAME:REGION:ACCOUNT:KEY=VALUE,KEY=VALUE with labels';
      return failed(wrong('--fleet', `${text} does not name a fleet, its region and its account; ${form}`));
    }
    if (fleets.some((fleet) => fleet.name === name))
      return failed(wrong('--fleet', `${name} is named twice; a fleet is one account and region`));
    const fleet = { name, region, account, labels };
    const trouble = judgeFleets([fleet]);
    if (trouble !== null)
      return failed(fault(trouble.code, 'human', `--fleet ${text}: ${trouble.message}`, trouble.hint));
    fleets.push(fleet);
  }
  return ok(fleets);
}

/** `env=production,site=oslo`; null where it is none. What may stand in them the configuration's schema says. */
export function readLabels(text: string): Readonly<Record<string, string>> | null {
  const pairs = splitList(text).map((pair) => {
    const at = pair.indexOf('=');
    return at <= 0 ? null : ([pair.slice(0, at), pair.slice(at + 1)] as const);
  });
  const found = pairs.filter((pair) => pair !== null);
  return found.length < pairs.length ? null : Object.fromEntries(found);
}

/** What stands between commas and spaces. */
function splitList(text: string): string[] {
  return text.split(/[,\s]+/).filter((part) => part !== '');
}

function readPolicyNames(written: string | undefined): Result<readonly string[] | null> {
  if (written === undefined) return ok(null);
  if (written === 'none') return ok([]);
  const known = offeredPolicies.map(({ name }) => name);
  const names = splitList(written);
  const stranger = names.find((name) => !known.includes(name));
  if (stranger === undefined && names.length > 0) return ok(known.filter((name) => names.includes(name)));
  const nearest = stranger === undefined ? undefined : findNearest(stranger, known);
  const hint = nearest === undefined ? `there are ${known.join(', ')}, or none` : `did you mean ${nearest}?`;
  return failed(wrong('--policies', `there is no policy ${stranger ?? 'named'}; ${hint}`));
}

/** Why a text is no time zone; null where it is one. */
export function judgeTimeZone(name: string): string | null {
  if (isTimeZone(name)) return null;
  const nearest = findNearest(name, listTimeZones());
  const hint = nearest === undefined ? 'write one of IANA, such as Europe/Oslo' : `did you mean ${nearest}?`;
  return `${name === '' ? 'nothing' : name} is no time zone; ${hint}`;
}

const ownerPattern =
  /^(?:@[A-Za-z0-9][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_.-]+)*|[A-Za-z0-9._+-]+@[A-Za-z0-9.-]+)$/;
/** As many as anybody would wait for. */
const ownersMax = 20;

/** Why a text names no owners; null where it does, or is empty. */
export function judgeOwners(text: string): string | null {
  const owners = splitList(text);
  const stranger = owners.find((owner) => !ownerPattern.test(owner));
  if (stranger !== undefined)
    return `${stranger} is no account of a forge; write @name, @group/team or an e-mail address`;
  return owners.length > ownersMax ? `more than ${ownersMax} owners; name a team` : null;
}

/** Who is named alone owns both. */
export function readOwners(
  tasks: string | undefined,
  policies: string | undefined,
): Partial<Pick<InitAnswers, 'taskOwners' | 'policyOwners'>> {
  if (tasks === undefined && policies === undefined) return {};
  const [taskOwners, policyOwners] = [splitList(tasks ?? ''), splitList(policies ?? '')];
  return {
    taskOwners: taskOwners.length === 0 ? policyOwners : taskOwners,
    policyOwners: policyOwners.length === 0 ? taskOwners : policyOwners,
  };
}
