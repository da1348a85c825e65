/** A report as SARIF 2.1.0 (OASIS): for code scanning, and for editors. */

import { count } from '../lib/count.ts';
import { encodeUriPath, escapeJson, escapeSarif } from '../lib/escape.ts';
import type { FaultCode, Place } from '../lib/faults.ts';
import { describeCode } from './code-families.ts';
import { fingerprintsOf } from './fingerprint.ts';
import type { Finding, Report } from './report.ts';
import { sortBySeverity } from './severity.ts';

/** GitHub refuses a run with more; it shows 5,000 of them, the most severe. */
export const resultsMax = 25_000;

const schemaUri =
  'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

type Placed = Finding & { readonly place: Place };

/**
 * Findings with a place are results. Those without one (a halt) are notifications of the tool: code scanning takes no
 * result without a file.
 */
export function renderSarif(report: Report, version: string): string {
  const sorted = sortBySeverity(report.findings);
  const placed = sorted.filter((finding): finding is Placed => finding.place !== null);
  const results = placed.slice(0, resultsMax);
  const unplaced = sorted.filter(({ place }) => place === null);
  const rules = codesOf(results);
  const fingerprints = fingerprintsOf(results);
  const run = {
    tool: {
      driver: {
        name: 'snowgate',
        version,
        semanticVersion: version,
        rules: rules.map(descriptor),
        notifications: codesOf(unplaced).map(descriptor),
      },
    },
    automationDetails: { id: `${report.title.replaceAll(' ', '/')}/` },
    invocations: [
      {
        executionSuccessful: true,
        toolExecutionNotifications: [
          ...unplaced.map(notification),
          ...leftOut(placed.length - results.length),
        ],
      },
    ],
    columnKind: 'utf16CodeUnits',
    results: results.map((finding, index) => ({
      ruleId: finding.code,
      ruleIndex: rules.indexOf(finding.code),
      level: finding.severity,
      message: message(finding),
      locations: [{ physicalLocation: location(finding.place) }],
      // The name that GitHub looks for; behind the colon it counts what has the same hash, which here nothing has.
      partialFingerprints: { primaryLocationLineHash: `${fingerprints[index]}:1` },
    })),
  };
  return `${escapeJson(JSON.stringify({ $schema: schemaUri, version: '2.1.0', runs: [run] }, null, 2))}\n`;
}

function codesOf(findings: readonly Finding[]): FaultCode[] {
  return [...new Set(findings.map(({ code }) => code))].sort();
}

function descriptor(code: FaultCode): object {
  const text = describeCode(code);
  const help = `docs/ERRORS.md of snowgate says what ${code} means and what to do. Each finding names its own reason.`;
  return { id: code, shortDescription: { text }, fullDescription: { text }, help: { text: help } };
}

function message({ message: text, hint }: Finding): { readonly text: string } {
  return { text: escapeSarif(hint === undefined ? text : `${text}; ${hint}`) };
}

/** Where the path leaves the folder that was checked, or begins at the root of the machine, it is not below the base. */
function location({ path, line, column }: Place): object {
  const region = { startLine: line, startColumn: column };
  if (path.startsWith('/')) return { artifactLocation: { uri: `file://${encodeUriPath(path)}` }, region };
  const uri = encodeUriPath(path);
  if (path.split('/').includes('..')) return { artifactLocation: { uri }, region };
  return { artifactLocation: { uri, uriBaseId: '%SRCROOT%' }, region };
}

function notification(finding: Finding): object {
  return { level: finding.severity, message: message(finding), descriptor: { id: finding.code } };
}

function leftOut(number: number): object[] {
  if (number <= 0) return [];
  return [{ level: 'warning', message: { text: `${count(number, 'more finding')} of less weight` } }];
}
