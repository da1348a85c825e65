/**
 * What the written policies allow, worked out a second time and as plainly as possible: from what was drawn, not from what the
 * product has parsed. Times are milliseconds of simulated time.
 */
import type { Book, PolicyText, RuleText, Span, WaiverText, WindowText } from './book.ts';
import { epochMs } from './process.ts';
import type { TaskText } from './source.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** No simulation lasts longer, and no opening that reaches so far ends. */
const drawnToMs = 40 * hourMs;

/** Everything of a task that rules look at, at one moment. */
export interface Asked {
  readonly task: TaskText;
  readonly book: Book;
  /** By the clock of whoever asks. */
  readonly atMs: number;
  /** When it was introduced, and how. */
  readonly introduced: {
    readonly atMs: number;
    readonly isReviewed: boolean;
    readonly touchesPolicies: boolean;
  };
  readonly isReady: (device: string) => boolean;
  /** What is in flight in its fleet beside it; null where that is checked elsewhere. */
  readonly inFlight: number | null;
  /** When a waiver's file was merged. */
  readonly mergedMs: (waiver: string) => number;
  readonly settings: OracleSettings;
  /** What may be cancelled so soon is not asked for; 0 where that is not asked. */
  readonly leadMs: number;
}

export interface OracleSettings {
  readonly uncovered: 'allow' | 'hold';
  readonly separateCommits: boolean;
  readonly requirePolicies: readonly string[];
}

const openings = new WeakMap<WindowText, readonly Span[]>();

/** Every opening of a window, in order, none touching another. */
function openingsOf(window: WindowText): readonly Span[] {
  const known = openings.get(window);
  if (known !== undefined) return known;
  const drawn = drawOpenings(window);
  openings.set(window, drawn);
  return drawn;
}

function drawOpenings({ hourly, spans, closed, zone }: WindowText): Span[] {
  const all: Span[] = [...spans];
  if (hourly === null && spans.length === 0) all.push({ fromMs: -drawnToMs, toMs: 2 * drawnToMs });
  if (hourly !== null) {
    const aheadMs = zone.aheadMinutes * minuteMs;
    const localHourMs = Math.floor((epochMs + aheadMs) / hourMs) * hourMs;
    for (let hour = -12; hour * hourMs < drawnToMs; hour += 1) {
      for (const minute of hourly.minutes) {
        const fromMs = localHourMs + hour * hourMs + minute * minuteMs - aheadMs - epochMs;
        all.push({ fromMs, toMs: fromMs + hourly.lasts * minuteMs });
      }
    }
  }
  let open = merge(all);
  for (const freeze of closed) {
    open = open.flatMap(({ fromMs, toMs }) => [
      { fromMs, toMs: Math.min(toMs, freeze.fromMs) },
      { fromMs: Math.max(fromMs, freeze.toMs), toMs },
    ]);
    open = merge(open.filter(({ fromMs, toMs }) => fromMs < toMs));
  }
  return open;
}

function merge(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const span of [...spans].sort((a, b) => a.fromMs - b.fromMs)) {
    const last = merged.at(-1);
    if (last === undefined || last.toMs < span.fromMs) merged.push(span);
    else merged[merged.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, span.toMs) };
  }
  return merged;
}

function isOpen(window: WindowText, atMs: number): boolean {
  return openingsOf(window).some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs);
}

function accepts(window: WindowText, atMs: number): boolean {
  const cutoffMs = window.cutoffMinutes * minuteMs;
  return openingsOf(window).some(({ fromMs, toMs }) => fromMs <= atMs && atMs < toMs - cutoffMs);
}

/** The policies that are about a task. */
function matching({ policies }: Book, task: TaskText): PolicyText[] {
  return policies.filter(
    ({ commands, fleets }) =>
      commands?.includes(task.command) !== false && fleets?.includes(task.fleet) !== false,
  );
}

/** The windows of a rule; null where one of them is not there, or does not load. */
function windowsOf(names: readonly string[], { windows }: Book): WindowText[] | null {
  const found = names.flatMap((name) => windows.filter((window) => window.name === name && !window.isBroken));
  return found.length === names.length ? found : null;
}

/** The gates that bind a task, from policies that load: each holds the windows of which one is to be open. */
function gatesOf(
  book: Book,
  task: TaskText,
  counts: (rule: RuleText & { readonly kind: 'window' }) => boolean,
): (WindowText[] | null)[] {
  return matching(book, task)
    .filter(({ broken }) => broken === null)
    .flatMap(({ rules }) =>
      rules.flatMap((rule) =>
        rule.kind === 'window' && rule.otherwise !== 'warn' && counts(rule)
          ? [windowsOf(rule.windows, book)]
          : [],
      ),
    );
}

/** Whether by a rule of this book it was no time for a device to begin, from `fromMs` to `toMs`, all the time. */
export function isShut(book: Book, task: TaskText, { fromMs, toMs }: Span, alsoLeft: boolean): boolean {
  const gates = gatesOf(book, task, ({ onClose }) => alsoLeft || onClose !== 'leave');
  return gates.some((gate) => gate?.every((window) => openingsOf(window).every(isBeside)));
  function isBeside(opening: Span): boolean {
    return opening.toMs <= fromMs || opening.fromMs > toMs;
  }
}

/** Whether this book has a rule that leaves what is queued when its window closes. */
export function hasLeft(book: Book, task: TaskText): boolean {
  return gatesOf(book, task, ({ onClose }) => onClose === 'leave').length > 0;
}

/** How many tasks may be in flight when the task is claimed: by its rules, but for those that are waived. */
export function countLimit(book: Book, task: TaskText, waived: readonly string[]): number {
  let limit = Number.POSITIVE_INFINITY;
  for (const { name, rules, broken } of matching(book, task)) {
    if (broken !== null) continue;
    for (const rule of rules) {
      if (rule.kind !== 'count' || rule.otherwise === 'warn' || waived.includes(`${name}/${rule.name}`))
        continue;
      limit = Math.min(limit, rule.most);
    }
  }
  return limit;
}

/** Why a task may not be asked for; null where it may. */
export function whyNot(asked: Asked): string | null {
  const plain = whyNotWithout(asked, null);
  if (plain === null) return null;
  const counts = asked.book.waivers.filter((waiver) => doesCount(waiver, asked));
  return counts.some((waiver) => whyNotWithout(asked, waiver) === null) ? null : plain;
}

function doesCount(waiver: WaiverText, { task, book, atMs, mergedMs, leadMs }: Asked): boolean {
  const { fleet, task: name, run, rules, expiresMs } = waiver;
  if (fleet !== task.fleet || name !== task.name || run !== task.run) return false;
  if (atMs + leadMs >= expiresMs || expiresMs - mergedMs(waiver.name) > 72 * hourMs) return false;
  const known = book.policies.flatMap((policy) =>
    policy.broken === null ? policy.rules.map((rule) => `${policy.name}/${rule.name}`) : [],
  );
  return rules.every((rule) => known.includes(rule));
}

function whyNotWithout(asked: Asked, waiver: WaiverText | null): string | null {
  const { task, book, atMs, settings, introduced } = asked;
  const { policies } = book;
  for (const { name, fleet, untilMs, isBroken } of book.suspensions) {
    if (fleet !== null && fleet !== task.fleet) continue;
    if (isBroken || untilMs === null || atMs < untilMs) return `${name} suspends it`;
  }
  const unreadable = policies.find(({ broken }) => broken === 'yaml');
  if (unreadable !== undefined) return `${unreadable.name} cannot be read`;
  const matched = matching(book, task);
  const broken = matched.find((policy) => policy.broken !== null);
  if (broken !== undefined) return `${broken.name} does not load`;
  for (const name of settings.requirePolicies) {
    if (!matched.some((policy) => policy.name === name)) return `${name} is required`;
  }
  if (settings.separateCommits && introduced.touchesPolicies) return 'its commit changes policies';
  const isCovered = matched.some(({ rules }) => rules.some(({ otherwise }) => otherwise !== 'warn'));
  if (!isCovered && settings.uncovered === 'hold') return 'no policy covers it';
  for (const { name, rules } of matched) {
    for (const rule of rules) {
      if (waiver?.rules.includes(`${name}/${rule.name}`) === true) continue;
      if (!holds(rule, asked)) return `${name}/${rule.name} does not hold`;
    }
  }
  return null;
}

/** Whether a rule lets the task through; one that only warns does, unless it names a window that is not there. */
function holds(rule: RuleText, asked: Asked): boolean {
  const { task, book, atMs, introduced, inFlight, leadMs } = asked;
  const warns = rule.otherwise === 'warn';
  switch (rule.kind) {
    case 'window': {
      const windows = windowsOf(rule.windows, book);
      if (windows === null || warns) return windows !== null;
      if (!windows.some((window) => accepts(window, atMs))) return false;
      return rule.onClose === 'leave' || isOpenFor(windows, atMs, leadMs);
    }
    case 'count':
      return warns || inFlight === null || inFlight < rule.most;
    case 'change':
      return warns || (task.change !== undefined && /^CHG\d+$/.test(task.change));
    case 'review':
      return warns || introduced.isReviewed;
    case 'age':
      return warns || atMs - introduced.atMs >= rule.seconds * 1_000;
    case 'never':
      return warns;
    case 'ready':
      return warns || task.targets.every((device) => asked.isReady(device));
  }
}

/** Everything is drawn in whole minutes. */
function isOpenFor(windows: readonly WindowText[], atMs: number, forMs: number): boolean {
  for (let laterMs = atMs; laterMs < atMs + forMs; laterMs += minuteMs) {
    if (!windows.some((window) => isOpen(window, laterMs))) return false;
  }
  return forMs === 0 || windows.some((window) => isOpen(window, atMs + forMs));
}
