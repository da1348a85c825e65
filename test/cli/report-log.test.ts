/** What the log is told of decisions: bounded, whatever a policy set says. */
import { expect, it } from 'vitest';
import { ReportLog } from '../../src/cli/report-log.ts';
import type { LogFields } from '../../src/controller/ports.ts';
import type { Decision } from '../../src/plan/decision.ts';

const unread = { desired: null, origins: null, sourceProblems: [] };
const nothing = {
  isJudged: true,
  problems: [],
  halts: [],
  ...unread,
  again: false,
  wakeAtMs: null,
};

function decide(over: Partial<Decision>): Decision {
  const base = { key: 'lab/job', fleet: 'lab', name: 'job', token: 'a'.repeat(64), untilMs: null } as const;
  return { ...base, action: 'hold', reasons: [], ...over };
}

function listen(): { readonly log: ReportLog; readonly lines: LogFields[] } {
  const lines: LogFields[] = [];
  return { log: new ReportLog({ write: (_level, _event, fields = {}) => void lines.push(fields) }), lines };
}

it('a held task is told when its reason changes, and not when only its time does', () => {
  const { log, lines } = listen();
  const inside = (policy: string, until: string): Decision =>
    decide({ reasons: [{ code: 'SG6301', message: `closed until ${until}`, policy, rule: 'window' }] });
  for (const decision of [inside('nights', '22:00'), inside('nights', '22:00'), inside('nights', '23:00')])
    log.tell({ decisions: [decision], ...nothing });
  expect(lines.map(({ reason }) => reason)).toEqual(['closed until 22:00']);
  log.tell({ decisions: [inside('weekends', '23:00')], ...nothing });
  log.tell({ decisions: [decide({ action: 'issue' })], ...nothing });
  log.tell({ decisions: [inside('weekends', '23:00')], ...nothing });
  expect(lines).toHaveLength(4);
});

it('a task with hundreds of reasons is one line of twenty, which says how many more there are', () => {
  const { log, lines } = listen();
  const reasons = Array.from({ length: 300 }, (_, index) => ({
    code: 'SG6301' as const,
    message: `reason ${index}`,
  }));
  log.tell({ decisions: [decide({ action: 'deny', reasons })], ...nothing });
  expect(lines).toHaveLength(1);
  const told = String(lines[0]?.reason);
  expect(told.split('; ')).toHaveLength(21);
  expect(told.endsWith('; reason 19; and 280 more reasons')).toBe(true);
});
