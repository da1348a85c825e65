/** Where a page of tasks ends, as a word for whoever asks for the next one. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Decision } from '../plan/decision.ts';

/** What tasks are listed by. */
export type TaskPlace = Pick<Decision, 'key' | 'token'>;

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
const ivBytes = 12;
const tagBytes = 16;
/** A place is filled up to it, or the length of a cursor would tell that of a name: 127 of a key, 64 of a token, and quotes. */
const placeLength = 256;

/**
 * Cursors of this process: encrypted under a key that nobody else has, because the name of a task may be a device or a secret
 * that readers must not see. The place itself is in it, and not a number, so that it leads on when that task is gone.
 */
export class Cursors {
  readonly #key = randomBytes(keyBytes);

  /** Letters, digits, `-` and `_`, always as many of them. */
  write({ key, token }: TaskPlace): string {
    const iv = randomBytes(ivBytes);
    const cipher = createCipheriv(algorithm, this.#key, iv, { authTagLength: tagBytes });
    const hidden = cipher.update(JSON.stringify([key, token]).padEnd(placeLength), 'utf8');
    return Buffer.concat([iv, hidden, cipher.final(), cipher.getAuthTag()]).toString('base64url');
  }

  /** Null for what this process has not written. */
  read(cursor: string): TaskPlace | null {
    const bytes = Buffer.from(cursor, 'base64url');
    if (bytes.length < ivBytes + tagBytes) return null;
    const iv = bytes.subarray(0, ivBytes);
    const decipher = createDecipheriv(algorithm, this.#key, iv, { authTagLength: tagBytes });
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    const place = decipher.update(bytes.subarray(ivBytes, -tagBytes), undefined, 'utf8');
    try {
      decipher.final();
    } catch {
      return null;
    }
    const [key, token] = JSON.parse(place) as readonly [TaskPlace['key'], TaskPlace['token']];
    return { key, token };
  }
}
