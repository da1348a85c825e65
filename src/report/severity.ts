/** Findings by how much they matter. */
import type { Finding } from './report.ts';

export const severities: readonly Finding['severity'][] = ['error', 'warning', 'note'];

/** The most severe first, those of one severity as they come. What has room for some shows these. */
export function sortBySeverity(findings: readonly Finding[]): Finding[] {
  return severities.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}
