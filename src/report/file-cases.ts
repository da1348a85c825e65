import type { PlacedProblem } from '../manifest/collect.ts';
import type { Reason } from '../policy/verdict.ts';
import type { Case } from './report.ts';

/** What halts everything is a failure of its own. */
export function haltCase({ code, message }: Reason): Case {
  return { group: 'halts', name: code, place: null, failures: [message], skipped: null };
}

/** A case for each of these files, and for each other that has a problem, below its folder; its errors are its failures. */
export function fileCases(paths: readonly string[], problems: readonly PlacedProblem[]): Case[] {
  const failures = new Map<string, string[]>(paths.map((path) => [path, []]));
  for (const { place, severity, code, message } of problems) {
    const told = failures.get(place.path) ?? [];
    failures.set(place.path, told);
    if (severity === 'error') told.push(`${place.line}:${place.column} ${code}: ${message}`);
  }
  return [...failures].map(([path, told]) => {
    const end = path.lastIndexOf('/');
    const group = end < 0 ? '.' : path.slice(0, end);
    const place = { path, line: 1, column: 1 };
    return { group, name: path, place, failures: told, skipped: null };
  });
}
