import type { FleetConfig, FleetIdentity } from './config.ts';
import type { Draft } from './draft.ts';
import { parseEndpoint } from './url.ts';

/** Judges the fleets: who is asked, and that no two of them are the same. */
export function judgeFleets(draft: Draft): void {
  const seen = new Map<string, string>();
  for (const name of draft.keys(['fleets'])) {
    const at = (...path: string[]): string[] => ['fleets', name, ...path];
    for (const key of [['endpoint'], ['stsEndpoint'], ['rebind', 'endpoint']])
      judgeEndpoint(draft, name, key);
    judgeAccount(draft, name);
    if (draft.text(at('externalId')) !== undefined && draft.text(at('roleArn')) === undefined) {
      const message = `fleets.${name}.externalId does nothing without roleArn`;
      draft.error(at('externalId'), { code: 'SG2021', message, hint: 'name the role, or remove it' }, 'key');
    }
    const region = draft.text(at('region'));
    if (region === undefined) continue;
    const identity = JSON.stringify([
      draft.text(at('account')) ?? '',
      region,
      normalEndpoint(draft, at('endpoint')),
    ]);
    const other = seen.get(identity);
    if (other === undefined) {
      seen.set(identity, name);
      continue;
    }
    const message = `fleets ${other} and ${name} are the same: account, region and endpoint are equal`;
    const hint = 'keep one; a device asked under two names would be asked twice';
    draft.error(['fleets', name], { code: 'SG2007', message, hint }, 'key');
  }
}

function judgeEndpoint(draft: Draft, name: string, key: readonly string[]): void {
  const path = ['fleets', name, ...key];
  const text = draft.text(path);
  if (text === undefined) return;
  const parsed = parseEndpoint(`fleets.${name}.${key.join('.')}`, text);
  if (!parsed.ok) draft.error(path, parsed.word);
}

function judgeAccount(draft: Draft, name: string): void {
  const path = ['fleets', name, 'account'];
  const account = draft.text(path);
  const isAws = draft.value(['fleets', name, 'endpoint']) === undefined;
  if (draft.value(path) === undefined && isAws && draft.value(['fleets', name]) !== null) {
    const message = `fleets.${name}.account is missing`;
    const hint =
      'write the twelve digits in quotes: STS must prove the account before anything is issued in it';
    draft.error(['fleets', name], { code: 'SG2005', message, hint }, 'key');
  }
  const roleAccount = /^arn:[a-z-]+:iam::([0-9]{12}):/.exec(
    draft.text(['fleets', name, 'roleArn']) ?? '',
  )?.[1];
  if (account === undefined || roleAccount === undefined || roleAccount === account) return;
  const message = `fleets.${name}.roleArn is a role of ${roleAccount}, and account is ${account}`;
  const hint = 'a role acts in its own account: one of the two is wrong';
  draft.error(['fleets', name, 'roleArn'], { code: 'SG2021', message, hint });
}

function normalEndpoint(draft: Draft, path: readonly string[]): string {
  const text = draft.text(path);
  if (text === undefined) return '';
  const parsed = parseEndpoint('', text);
  return parsed.ok ? parsed.endpoint : text;
}

/** The judged fleets, by name. */
export function buildFleets(draft: Draft): Map<string, FleetConfig> {
  return new Map(draft.keys(['fleets']).map((name) => [name, buildFleet(draft, name)]));
}

function buildFleet(draft: Draft, name: string): FleetConfig {
  const at = (...path: string[]): string[] => ['fleets', name, ...path];
  const rebind = draft.keys(at('rebind')).length > 0 ? buildRebind(draft, name) : undefined;
  const endpoint = normalEndpoint(draft, at('endpoint'));
  const stsEndpoint = normalEndpoint(draft, at('stsEndpoint'));
  const account = draft.text(at('account'));
  const roleArn = draft.text(at('roleArn'));
  const externalId = draft.text(at('externalId'));
  const maxInFlight = draft.value(at('maxInFlight'));
  return {
    name,
    region: draft.text(at('region')) ?? '',
    ...(account === undefined ? {} : { account }),
    ...(endpoint === '' ? {} : { endpoint }),
    ...(stsEndpoint === '' ? {} : { stsEndpoint }),
    ...(roleArn === undefined ? {} : { roleArn }),
    ...(externalId === undefined ? {} : { externalId }),
    ...(draft.text(at('mode')) === 'observe' ? { mode: 'observe' } : {}),
    ...(rebind === undefined ? {} : { rebind }),
    labels: draft.textMap(at('labels')),
    requirePolicies: draft.texts(at('requirePolicies')),
    ...(typeof maxInFlight === 'number' ? { maxInFlight } : {}),
  };
}

function buildRebind(draft: Draft, name: string): FleetIdentity {
  return {
    account: draft.text(['fleets', name, 'rebind', 'account']) ?? '',
    region: draft.text(['fleets', name, 'rebind', 'region']) ?? '',
    endpoint: normalEndpoint(draft, ['fleets', name, 'rebind', 'endpoint']),
  };
}
