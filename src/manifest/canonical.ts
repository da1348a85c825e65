import { canonicalJson, sha256Hex } from '../lib/digest.ts';
import type { Revision, Token } from './manifest.ts';

/**
 * A revision's canonical JSON (RFC 8785), without a final newline: what the clientToken is the hash of. An absent
 * description and an absent or empty tags map are left out; targets are sorted by UTF-16 code units, because their
 * order means nothing.
 */
export function canonicalRevision(revision: Revision): string {
  const { fleet, name, command, targets, description, tags, run } = revision;
  return canonicalJson({
    apiVersion: 'snowgate/v1',
    kind: 'Task',
    fleet,
    name,
    command,
    targets: [...targets].sort(),
    ...(description === undefined ? {} : { description }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    run,
  });
}

/**
 * The clientToken: lower-case hex SHA-256, exactly the 64 characters that the API allows. It covers everything that
 * is sent, since AWS does not say what the same token with another request would do.
 */
export function clientToken(revision: Revision): Token {
  return sha256Hex(canonicalRevision(revision));
}
