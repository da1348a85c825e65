/** The people who keep the policies: they move windows, slip, mend, stop the line and break the glass. */
import type { Book, PolicyText, RuleKind, RuleText, Span, SuspensionText, WindowText } from './book.ts';
import { emptyBook, zones } from './book.ts';
import type { Prng } from './prng.ts';
import type { TaskText } from './source.ts';
import type { Timeline } from './timeline.ts';

const minute = 60_000;
const hour = 60 * minute;

const harmless: PolicyText = {
  ...{ name: 'p0', commands: null, fleets: null, broken: null },
  rules: [{ kind: 'change', name: 'r0', otherwise: 'deny' }],
};

export class Bookkeeper {
  readonly #prng: Prng;
  readonly #timeline: Timeline;
  readonly #fleets: readonly string[];
  /** Minutes for which what is queued must have been cancelled, where windows are to be hardly longer. */
  readonly #tightLead: number | null;
  #made = 0;
  book: Book = emptyBook;

  constructor(prng: Prng, timeline: Timeline, fleets: readonly string[], tightLeadMs: number | null) {
    this.#prng = prng;
    this.#timeline = timeline;
    this.#fleets = fleets;
    this.#tightLead = tightLeadMs === null ? null : Math.ceil(tightLeadMs / minute);
  }

  begin(): void {
    const windows = Array.from({ length: this.#prng.between(1, 3) }, (_, index) =>
      this.#drawWindow(`w${index}`),
    );
    this.book = { ...emptyBook, windows };
    const policies = Array.from({ length: this.#prng.pick([1, 1, 2, 3]) }, (_, index) =>
      this.#drawPolicy(`p${index}`),
    );
    this.book = { ...this.book, policies };
  }

  edit(tasks: readonly TaskText[]): void {
    const prng = this.#prng;
    const changes = [
      () => this.#changeWindow((window) => this.#moveWindow(window)),
      () => this.#changeWindow((window) => this.#moveWindow(window)),
      () => this.#changeWindow((window) => ({ ...window, isBroken: !window.isBroken })),
      () => this.#changeWindow((window) => this.#drawWindow(window.name)),
      () => this.#changePolicy((policy) => this.#breakPolicy(policy)),
      () => this.#changePolicy((policy) => this.#breakPolicy(policy)),
      () => this.#changePolicy((policy) => this.#drawPolicy(policy.name)),
      () => this.#addPolicy(),
      () => this.#removePolicy(),
      () => this.#suspend(),
      () => this.#suspend(),
      () => this.#waive(tasks, 1),
      () => this.#waive(tasks, 1),
      () => this.#waive(tasks, 2),
      () => this.#waive(tasks, 2),
    ];
    prng.pick(changes)();
  }

  /** Everything loads, nothing is stopped or forbidden outright; most windows that had their one time come again and again. */
  heal(): void {
    const { windows, policies, waivers } = this.book;
    const allowing = policies
      .filter(({ rules }) => rules.every(({ kind }) => kind !== 'never'))
      .map((policy) => ({ ...policy, broken: null }));
    this.book = {
      windows: windows.map((window) => {
        const mended = { ...window, isBroken: false };
        return window.hourly === null && this.#prng.chance(0.7)
          ? { ...mended, hourly: this.#drawHourly(), closed: [] }
          : mended;
      }),
      // That all of them are gone is halted, as an accident would be.
      policies: allowing.length > 0 ? allowing : [harmless],
      suspensions: [],
      waivers,
    };
  }

  #drawWindow(name: string): WindowText {
    const prng = this.#prng;
    const kind = prng.pick(['hourly', 'hourly', 'spans', 'spans', 'both', 'closed'] as const);
    const spans = kind === 'spans' || kind === 'both' ? this.#drawSpans(prng.between(1, 3), 3, 10) : [];
    const isFrozen = kind === 'closed' || prng.chance(0.2);
    return {
      name,
      zone: prng.pick(zones),
      hourly: kind === 'hourly' || kind === 'both' ? this.#drawHourly() : null,
      spans,
      closed: isFrozen ? this.#drawSpans(prng.between(1, 2), 1, 6) : [],
      cutoffMinutes: this.#tightLead === null ? prng.pick([0, 0, 1, 2]) : 0,
      isBroken: false,
    };
  }

  #drawHourly(): NonNullable<WindowText['hourly']> {
    const prng = this.#prng;
    const every = prng.pick([15, 20, 20, 30]);
    const first = prng.between(0, every - 1);
    const minutes = Array.from({ length: 60 / every }, (_, index) => first + index * every);
    const lasts = prng.pick([6, 8, 10, 15]);
    return { minutes, lasts: this.#tightLead === null ? lasts : this.#tightLead + prng.between(1, 2) };
  }

  #drawSpans(count: number, shortest: number, longest: number): Span[] {
    const nowMinute = Math.floor(this.#timeline.nowMs / minute);
    return Array.from({ length: count }, () => {
      const from = nowMinute + this.#prng.between(-5, 10);
      return { fromMs: from * minute, toMs: (from + this.#prng.between(shortest, longest)) * minute };
    });
  }

  #drawPolicy(name: string): PolicyText {
    const prng = this.#prng;
    return {
      name,
      commands: prng.chance(0.3) ? [prng.pick(['unlock', 'reboot'])] : null,
      fleets: prng.chance(0.3) ? [prng.pick(this.#fleets)] : null,
      rules: Array.from({ length: prng.pick([1, 1, 2, 3]) }, (_, index): RuleText => {
        const otherwise = prng.pick([null, null, null, 'hold', 'deny', 'warn'] as const);
        return { ...this.#drawRule(), name: `r${index}`, otherwise };
      }),
      broken: null,
    };
  }

  #drawRule(): RuleKind {
    const prng = this.#prng;
    const kind = prng.pick([
      'window',
      'window',
      'window',
      'window',
      'window',
      'count',
      'count',
      'change',
      'review',
      'age',
      'ready',
      'ready',
    ] as const);
    switch (kind) {
      case 'window': {
        const names = this.book.windows.map(({ name }) => name);
        const windows = new Set([prng.pick(names), ...(prng.chance(0.3) ? [prng.pick(names)] : [])]);
        return { kind, windows: [...windows], onClose: prng.pick([null, null, 'cancel', 'leave'] as const) };
      }
      case 'count':
        return { kind, most: prng.between(1, 3) };
      case 'age':
        return { kind, seconds: prng.pick([30, 90]) };
      case 'change':
      case 'review':
      case 'ready':
        return { kind };
    }
  }

  #moveWindow(window: WindowText): WindowText {
    const shiftMs = this.#prng.between(-4, 4) * minute;
    const shift = ({ fromMs, toMs }: Span): Span => ({ fromMs: fromMs + shiftMs, toMs: toMs + shiftMs });
    const cutoffMinutes = this.#tightLead === null ? this.#prng.pick([0, 1, 2]) : 0;
    if (window.hourly !== null && this.#prng.chance(0.5))
      return { ...window, hourly: this.#drawHourly(), cutoffMinutes };
    return { ...window, spans: window.spans.map(shift), closed: window.closed.map(shift), cutoffMinutes };
  }

  #breakPolicy(policy: PolicyText): PolicyText {
    return { ...policy, broken: policy.broken === null ? this.#prng.pick(['yaml', 'rule'] as const) : null };
  }

  #changeWindow(edit: (window: WindowText) => WindowText): void {
    const { name } = this.#prng.pick(this.book.windows);
    const windows = this.book.windows.map((window) => (window.name === name ? edit(window) : window));
    this.book = { ...this.book, windows };
  }

  #changePolicy(edit: (policy: PolicyText) => PolicyText): void {
    const { policies } = this.book;
    if (policies.length === 0) return;
    const { name } = this.#prng.pick(policies);
    this.book = {
      ...this.book,
      policies: policies.map((policy) => (policy.name === name ? edit(policy) : policy)),
    };
  }

  #addPolicy(): void {
    this.#made += 1;
    const policy = this.#drawPolicy(`q${this.#made}`);
    this.book = { ...this.book, policies: [...this.book.policies, policy] };
  }

  #removePolicy(): void {
    const { policies } = this.book;
    if (policies.length < 2) return;
    const { name } = this.#prng.pick(policies);
    this.book = { ...this.book, policies: policies.filter((policy) => policy.name !== name) };
  }

  /** The line is stopped; or goes on where it was. */
  #suspend(): void {
    const prng = this.#prng;
    const { suspensions } = this.book;
    if (suspensions.length > 0) {
      this.book = { ...this.book, suspensions: suspensions.slice(1) };
      return;
    }
    this.#made += 1;
    const suspension: SuspensionText = {
      name: `s${this.#made}`,
      fleet: prng.chance(0.5) ? prng.pick(this.#fleets) : null,
      untilMs: prng.chance(0.5) ? this.#timeline.nowMs + prng.between(1, 5) * minute : null,
      isBroken: prng.chance(0.2),
    };
    this.book = { ...this.book, suspensions: [suspension] };
  }

  /** A policy that lets nothing like the task through, for two reasons. */
  #forbid({ fleet, command }: TaskText): void {
    this.#made += 1;
    const rules = ['r0', 'r1'].map((name): RuleText => ({ kind: 'never', name, otherwise: 'hold' }));
    const match = { commands: [command], fleets: [fleet] };
    const policy: PolicyText = { name: `q${this.#made}`, ...match, rules, broken: null };
    this.book = { ...this.book, policies: [...this.book.policies, policy] };
  }

  /**
   * A waiver of one task, or two of which only both together skip every rule; now and then for longer than is allowed, or for
   * another run.
   */
  #waive(tasks: readonly TaskText[], count: 1 | 2): void {
    const prng = this.#prng;
    if (tasks.length === 0) return;
    const task = prng.pick(tasks);
    if (count === 2 || prng.chance(0.5)) this.#forbid(task);
    const about = this.book.policies.filter(
      ({ commands, fleets }) =>
        commands?.includes(task.command) !== false && fleets?.includes(task.fleet) !== false,
    );
    const rules = about.flatMap((policy) => policy.rules.map((rule) => `${policy.name}/${rule.name}`));
    if (rules.length < count) return;
    const cut = count === 1 ? rules.length : rules.length - 1;
    const parts = [
      count === 1 && prng.chance(0.3) ? [prng.pick(rules)] : rules.slice(0, cut),
      rules.slice(cut),
    ];
    const waivers = parts.slice(0, count).map((part) => {
      this.#made += 1;
      const minutes = prng.pick([3, 10, 120]);
      return {
        name: `v${this.#made}`,
        fleet: task.fleet,
        task: task.name,
        run: prng.chance(0.95) ? task.run : task.run + 1,
        rules: part,
        expiresMs: this.#timeline.nowMs + (prng.chance(0.25) ? 80 * hour : minutes * minute),
      };
    });
    this.book = { ...this.book, waivers: [...this.book.waivers, ...waivers].slice(-6) };
  }
}
