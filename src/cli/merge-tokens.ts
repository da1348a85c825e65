/** Tokens that a pull request's check has, and the controller's own are not there: files that the command line names. */
import { resolve } from 'node:path';
import type { ControllerConfig } from '../config/config.ts';
import { remoteScheme } from '../git/remote.ts';
import { type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import { readSecretFile } from '../lib/secret-file.ts';
import type { Surroundings } from './surroundings.ts';

export interface TokenFiles {
  /** A file that holds the token for the ledger, instead of the one that the configuration names. */
  readonly ledgerTokenFile?: string;
  /** The same for `policySource`. */
  readonly policyTokenFile?: string;
}

const flags = { ledgerTokenFile: '--ledger-token-file', policyTokenFile: '--policy-token-file' } as const;
const keys = ['ledgerTokenFile', 'policyTokenFile'] as const;

/** The options of this kind that were given. */
export function pickTokenFiles({ ledgerTokenFile, policyTokenFile }: TokenFiles): TokenFiles {
  return {
    ...(ledgerTokenFile === undefined ? {} : { ledgerTokenFile }),
    ...(policyTokenFile === undefined ? {} : { policyTokenFile }),
  };
}

/**
 * The files by their whole paths, proved to hold a token: a plan without the ledger would tell of a slip in its middle, or
 * not at all. Faults: SG7002, SG3014.
 */
export async function findTokenFiles(
  written: TokenFiles,
  { cwd }: Pick<Surroundings, 'cwd'>,
): Promise<Result<TokenFiles>> {
  const found: { ledgerTokenFile?: string; policyTokenFile?: string } = {};
  for (const key of keys) {
    const path = written[key];
    if (path === undefined) continue;
    const full = resolve(cwd, path);
    const read = await readSecretFile(full, 'token');
    if (!read.ok) return failed(ofFlag(flags[key], read.fault));
    found[key] = full;
  }
  return ok(found);
}

function ofFlag(flag: string, { code, message }: Fault): Fault {
  const said = `${flag}: ${message}`;
  const isUnread = code === 'SG3013';
  const hint = isUnread ? 'name a file that can be read' : 'put the token alone into the file, on one line';
  return fault(isUnread ? 'SG7002' : code, 'human', said, hint);
}

/** What is said of files whose token nobody is asked with. */
export function findUnused(
  { ledger, policySource }: Pick<ControllerConfig, 'ledger' | 'policySource'>,
  { ledgerTokenFile, policyTokenFile }: TokenFiles,
): string[] {
  const judge = (flag: string, setting: string, url: string | undefined): string[] => {
    if (url === undefined) return [`${flag} is not used: the configuration has no ${setting}`];
    return remoteScheme(url) === 'file'
      ? [`${flag} is not used: ${setting}.url names a folder of this machine`]
      : [];
  };
  return [
    ...(ledgerTokenFile === undefined ? [] : judge(flags.ledgerTokenFile, 'ledger', ledger.url)),
    ...(policyTokenFile === undefined ? [] : judge(flags.policyTokenFile, 'policySource', policySource?.url)),
  ];
}
