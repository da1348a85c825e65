import type { PassReport } from '../controller/pass.ts';
import type { Journal, LogLevel } from '../controller/ports.ts';
import type { Decision, PlanAction } from '../plan/decision.ts';
import { type Reason, shortInstant } from '../policy/verdict.ts';

/** What a person has to act on is louder than what ends by itself; what AWS was asked, the controller tells itself. */
const levels: Readonly<Record<PlanAction, LogLevel>> = {
  issue: 'debug',
  done: 'debug',
  hold: 'info',
  wait: 'info',
  withdraw: 'info',
  cancel: 'info',
  look: 'warn',
  deny: 'warn',
  quarantined: 'warn',
  blocked: 'warn',
};

/** Reasons of one line; `snowgate plan --explain` has all of them. */
const reasonsMax = 20;

function tellReasons(reasons: readonly Reason[]): string {
  const told = reasons.slice(0, reasonsMax).map(({ message }) => message);
  const left = reasons.length - told.length;
  return (left === 0 ? told : [...told, `and ${left} more reasons`]).join('; ');
}

/** Tells the log what each pass decided, where that is news: a daemon that repeats itself is not read when it matters. */
export class ReportLog {
  readonly #journal: Journal;
  #said = new Map<string, string>();
  #toldProblems = new Set<string>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  tell(report: PassReport): void {
    this.tellProblems(report);
    const said = new Map<string, string>();
    for (const decision of report.decisions) {
      const id = `${decision.key} ${decision.token ?? ''}`;
      // Codes and rules, not messages: some tell a time, and would be news at every pass.
      const why = decision.reasons.map(({ code, policy = '', rule = '' }) => `${code} ${policy} ${rule}`);
      const text = [decision.action, ...why].join('\n');
      said.set(id, text);
      if (this.#said.get(id) !== text) this.#write(decision);
    }
    this.#said = said;
  }

  /** What is wrong with files of the source, each problem once as long as it lasts. */
  tellProblems({ sourceProblems }: PassReport): void {
    if (sourceProblems === null) return;
    const told = new Set<string>();
    for (const { code, severity, message, place, hint } of sourceProblems) {
      const id = `${place.path}:${place.line}:${place.column} ${code} ${message}`;
      told.add(id);
      if (this.#toldProblems.has(id)) continue;
      const level = severity === 'error' ? 'error' : 'warn';
      this.#journal.write(level, 'source file has a problem', { ...place, code, reason: message, hint });
    }
    this.#toldProblems = told;
  }

  #write({ fleet, name, token, action, untilMs, reasons }: Decision): void {
    // A claim in hand is news to nobody: how it ended is told in a moment.
    const isInHand = action === 'wait' && reasons[0]?.code === 'SG6116';
    this.#journal.write(isInHand ? 'debug' : levels[action], `task ${action}`, {
      fleet,
      task: name,
      token,
      until: untilMs === null ? undefined : shortInstant(untilMs),
      code: reasons[0]?.code,
      reason: tellReasons(reasons),
    });
  }
}
