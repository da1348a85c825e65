import type { PassReport } from '../controller/pass.ts';
import type { Journal, LogLevel } from '../controller/ports.ts';
import type { Decision, PlanAction } from '../plan/decision.ts';
import { shortInstant } from './decision-view.ts';

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

/** Tells the log what each pass decided, where that is news: a daemon that repeats itself is not read when it matters. */
export class ReportLog {
  readonly #journal: Journal;
  #said = new Map<string, string>();

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  tell(report: PassReport): void {
    this.tellProblems(report);
    const said = new Map<string, string>();
    for (const decision of report.decisions) {
      const id = `${decision.key} ${decision.token ?? ''}`;
      const text = `${decision.action} ${decision.reasons.map(({ code, message }) => `${code} ${message}`).join(' ')}`;
      said.set(id, text);
      if (this.#said.get(id) !== text) this.#write(decision);
    }
    this.#said = said;
  }

  /** What is wrong with files of the source. */
  tellProblems(_report: PassReport): void {}

  #write({ fleet, name, token, action, untilMs, reasons }: Decision): void {
    this.#journal.write(levels[action], `task ${action}`, {
      fleet,
      task: name,
      token,
      until: untilMs === null ? undefined : shortInstant(untilMs),
      code: reasons[0]?.code,
      reason: reasons.map(({ message }) => message).join('; '),
    });
  }
}
