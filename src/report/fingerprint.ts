/** What a finding is known by from one run to the next, although the lines of its file move. */
import { sha256Hex } from '../lib/digest.ts';
import type { Finding } from './report.ts';

/** Lines and columns that a message names, as in `tasks/b.yaml:7:3`. */
const linePattern = /:\d+/g;

/** 32 digits of hex for each finding, different for all of them. */
export function fingerprintsOf(findings: readonly Finding[]): string[] {
  const seen = new Map<string, number>();
  return findings.map(({ code, place, message }) => {
    const identity = JSON.stringify([code, place?.path ?? '', message.replace(linePattern, ':')]);
    // Two that say the same of one file are told apart by their order in it.
    const ordinal = (seen.get(identity) ?? 0) + 1;
    seen.set(identity, ordinal);
    return sha256Hex(`${ordinal} ${identity}`).slice(0, 32);
  });
}
