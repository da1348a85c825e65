/** What the log is told of decisions: bounded, whatever a policy set says. */
import { expect, it } from 'vitest';
import { ReportLog } from '../../src/cli/report-log.ts';
import type { LogFields } from '../../src/controller/ports.ts';
import type { Decision } from '../../src/plan/decision.ts';

it('a task with hundreds of reasons is one line of twenty, which says how many more there are', () => {
  const lines: LogFields[] = [];
  const log = new ReportLog({ write: (_level, _event, fields = {}) => void lines.push(fields) });
  const reasons = Array.from({ length: 300 }, (_, index) => ({
    code: 'SG6301' as const,
    message: `reason ${index}`,
  }));
  const decision: Decision = {
    key: 'lab/job',
    fleet: 'lab',
    name: 'job',
    token: 'a'.repeat(64),
    action: 'deny',
    untilMs: null,
    reasons,
  };
  const unread = { desired: null, origins: null, sourceProblems: [] };
  const nothing = { problems: [], halts: [], ...unread, again: false, wakeAtMs: null };
  log.tell({ decisions: [decision], ...nothing });
  expect(lines).toHaveLength(1);
  const told = String(lines[0]?.reason);
  expect(told.split('; ')).toHaveLength(21);
  expect(told.endsWith('; reason 19; and 280 more reasons')).toBe(true);
});
