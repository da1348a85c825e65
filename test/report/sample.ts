/** Reports to be written: one with everything in it, one with nothing. */
import type { Report } from '../../src/report/report.ts';

const [a, b] = ['tasks/north sea/a.yaml', 'policies/p.yaml'];

export const richReport: Report = {
  title: 'snowgate plan',
  summary: '4 tasks: 1 issue, 1 hold, 2 deny',
  isFailed: true,
  findings: [
    {
      code: 'SG1412',
      severity: 'warning',
      place: { path: a, line: 3, column: 1 },
      message: 'meets no window',
    },
    {
      code: 'SG1104',
      severity: 'error',
      place: { path: a, line: 7, column: 12 },
      message: 'spec.command must be unlock or reboot, not "unlok"',
      hint: 'did you mean unlock?',
    },
    { code: 'SG6203', severity: 'error', place: null, message: 'halted: 12 tasks were removed at once' },
    {
      code: 'SG6301',
      severity: 'error',
      place: { path: b, line: 6, column: 5 },
      message: 'lab/bare: deny: change/change: an unlock names its change (policies/p.yaml:6)',
    },
    { code: 'SG6301', severity: 'note', place: { path: b, line: 9, column: 5 }, message: 'see @ops, #12' },
  ],
  cases: [
    { group: 'lab', name: 'lab/now', place: { path: a, line: 1, column: 1 }, failures: [], skipped: null },
    { group: 'lab', name: 'lab/later', place: null, failures: [], skipped: 'hold: night is closed' },
    {
      group: 'lab',
      name: 'lab/bare',
      place: { path: a, line: 7, column: 1 },
      failures: ['deny SG6301: an unlock names its change', 'deny SG6102: notAfter has passed'],
      skipped: null,
    },
    { group: 'files', name: a, place: null, failures: ['7:12 SG1104: not "unlok"'], skipped: null },
    { group: 'lab', name: 'lab/now', place: null, failures: [], skipped: null },
  ],
  body: [
    { kind: 'heading', text: ['What the merge asks for'] },
    { kind: 'text', text: ['In ', { code: 'lab' }, ' this is ', { strong: 'new' }, '.'] },
    { kind: 'list', items: [[{ code: 'lab/now' }, ': now'], ['2. nothing else']] },
    {
      kind: 'fold',
      summary: [{ strong: 'issue' }, ' 1 task of ', { code: 'lab' }],
      isOpen: true,
      blocks: [
        { kind: 'code', language: 'json', text: '{\n  "command": "unlock"\n}\n' },
        { kind: 'fold', summary: ['inside'], isOpen: false, blocks: [{ kind: 'text', text: ['deep'] }] },
      ],
    },
  ],
};

export const emptyReport: Report = {
  title: 'snowgate validate',
  summary: '0 files: no problems',
  isFailed: false,
  findings: [],
  cases: [],
  body: [],
};

/** Written as it is: nothing is secret here. */
export const settings = { version: '1.2.3', redact: (text: string): string => text };
