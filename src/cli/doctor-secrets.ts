/** The files that `http` and `notify` name, read and judged as the daemon does it, which tells of them only when it needs one. */
import type { ControllerConfig, HttpConfig, NotifyTarget } from '../config/config.ts';
import { judgeHookSecret, judgeToken } from '../http/secret-files.ts';
import type { Fault } from '../lib/faults.ts';
import { readSecretFile } from '../lib/secret-file.ts';
import {
  isUsableSecret,
  readAuthorities,
  readViaSecret,
  secretOf,
  uselessSecret,
} from '../notify/via-files.ts';
import { checkMode } from './doctor-files.ts';
import { broken, type Check } from './doctor-report.ts';
import type { Surroundings } from './surroundings.ts';

/** Each file that listeners which are opened, and targets of word, need. */
export async function checkServedSecrets(
  { http, notify }: Pick<ControllerConfig, 'http' | 'notify'>,
  world: Surroundings,
): Promise<Check[]> {
  const targets = [...(notify?.values() ?? [])];
  const checks = await Promise.all([
    ...(http === undefined ? [] : [checkTokens(http, world), checkHookSecrets(http, world)]),
    ...targets.map((target) => checkTarget(target, world)),
  ]);
  return checks.flat();
}

interface ServedFile {
  readonly setting: string;
  readonly path: string;
  /** As messages name it. */
  readonly what: string;
  readonly judge: (secret: string, file: string) => Fault | null;
}

function checkTokens({ web, tokenFiles }: HttpConfig, world: Surroundings): Promise<Check[]> {
  const files = web === null ? [] : tokenFiles;
  const own = { setting: 'http.auth.tokenFiles', what: 'http token', judge: judgeToken };
  return Promise.all(files.map((path) => checkServed({ ...own, path }, world)));
}

function checkHookSecrets({ hooks, hookSecretFiles }: HttpConfig, world: Surroundings): Promise<Check[]> {
  const providers = hooks === null ? [] : [...hookSecretFiles];
  const files = providers.flatMap(([provider, paths]) =>
    paths.map((path) => ({
      setting: `http.hooks.${provider}.secretFiles`,
      path,
      what: `${provider} webhook secret`,
      judge: (secret: string, file: string) => judgeHookSecret(provider, secret, file),
    })),
  );
  return Promise.all(files.map((file) => checkServed(file, world)));
}

async function checkServed(
  { setting, path, what, judge }: ServedFile,
  { redactor }: Surroundings,
): Promise<Check> {
  const read = await readSecretFile(path, what);
  if (!read.ok) return broken('secret', setting, read.fault);
  redactor.register(read.value, path);
  const wrong = judge(read.value, path);
  return wrong === null ? checkMode({ setting, path, what: 'secret' }) : broken('secret', setting, wrong);
}

async function checkTarget({ name, via }: NotifyTarget, { redactor }: Surroundings): Promise<Check[]> {
  const { key, file: path } = secretOf(via);
  const setting = `notify.${name}.${via.kind}.${key}`;
  const secret = await readViaSecret(name, via, readSecretFile);
  if (secret.ok) redactor.register(secret.value, path);
  const wrong = secret.ok ? (isUsableSecret(via, secret.value) ? null : uselessSecret(via)) : secret.fault;
  const own =
    wrong === null ? await checkMode({ setting, path, what: 'secret' }) : broken('secret', setting, wrong);
  if (via.caFile === undefined) return [own];
  const authorities = await readAuthorities(via);
  const caSetting = `notify.${name}.${via.kind}.caFile`;
  const trusted = authorities.ok
    ? await checkMode({ setting: caSetting, path: via.caFile, what: 'CA' })
    : broken('secret', caSetting, authorities.fault);
  return [own, trusted];
}
