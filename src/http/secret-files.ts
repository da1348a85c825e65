/** Secrets that lie in files, as tokens and the secrets of webhooks do: read anew whenever they are asked for. */
import type { HookProvider } from '../config/config.ts';
import { type Fault, fault } from '../lib/faults.ts';
import type { Redactor } from '../lib/redact.ts';
import { readSecretFile } from '../lib/secret-file.ts';
import { tokenLengthMin } from './auth.ts';
import { isHookSecret, secretLengthMin } from './hook-signature.ts';
import { readTogether } from './read-together.ts';

/** Why a token opens nothing; null for one that does. Fault: SG7032. */
export function judgeToken(token: string, file: string): Fault | null {
  if (token.length >= tokenLengthMin) return null;
  const message = `the http token file ${file} holds fewer than ${tokenLengthMin} characters, and opens nothing`;
  return fault('SG7032', 'human', message, longer);
}

/** Why a secret of a webhook proves nothing; null for one that does. Fault: SG7034. */
export function judgeHookSecret(provider: HookProvider, secret: string, file: string): Fault | null {
  if (isHookSecret(provider, secret)) return null;
  const message = `the ${provider} webhook secret file ${file} holds fewer than ${secretLengthMin} characters, or a whsec_ that is no key, and proves nothing`;
  return fault('SG7034', 'human', message, longer);
}

const longer = 'write at least 16 characters; openssl rand -hex 32 makes some';

export interface SecretFiles {
  readonly files: readonly string[];
  /** As messages name it. */
  readonly what: string;
  /** Why what a file holds is no secret of this kind; null where it is one. */
  readonly judge: (secret: string, file: string) => Fault | null;
  /** Told once what is wrong with a file, and again when it has changed: anybody can have the files read. */
  readonly tell: (fault: Fault) => void;
  /** Is told each secret, so that no text ever holds one. */
  readonly redactor: Pick<Redactor, 'register'>;
}

/** A reader of the secrets that are good now, in the order of their files. A file that is none keeps no other from being good. */
export function secretReader(options: SecretFiles): () => Promise<readonly string[]> {
  const { files, what, judge, tell, redactor } = options;
  const told = new Map<string, string>();
  return readTogether(async () => {
    const secrets: string[] = [];
    for (const file of files) {
      const read = await readSecretFile(file, what);
      if (read.ok) redactor.register(read.value, file);
      const wrong = read.ok ? judge(read.value, file) : read.fault;
      if (read.ok && wrong === null) secrets.push(read.value);
      if (wrong !== null && told.get(file) !== wrong.message) tell(wrong);
      told.set(file, wrong?.message ?? '');
    }
    return secrets;
  });
}
