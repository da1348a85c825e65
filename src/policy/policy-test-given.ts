/** What a test gives to a case: what all of them share, overridden by what the case writes itself. */
import type { Locate, ValuePath } from '../lib/document-place.ts';
import type { DocumentProblem, Spot } from '../lib/document-problem.ts';
import type { JsonValue } from '../lib/document-yaml.ts';
import { isMap } from '../lib/document-yaml.ts';
import { parseTime } from '../manifest/time.ts';
import type { FactGroup } from './facts.ts';
import { givenKeys } from './policy-test-given-schema.ts';

type Texts = Readonly<Record<string, string>>;

/** As the schema has accepted it. */
export interface WrittenGiven {
  readonly now?: string;
  readonly task?: Readonly<Record<string, JsonValue>>;
  readonly fleet?: WrittenFleet;
  readonly commit?: WrittenCommit;
  readonly introduced?: WrittenCommit;
  readonly changed?: WrittenCommit;
  readonly devices?: readonly WrittenDevice[];
  readonly previous?: WrittenPrevious;
  readonly settings?: WrittenSettings;
  readonly mergedAt?: string;
  readonly unknown?: readonly FactGroup[];
}

export interface WrittenCount {
  readonly tasks?: number;
  readonly devices?: number;
}

export interface WrittenFleet {
  readonly region?: string;
  readonly account?: string;
  readonly labels?: Texts;
  readonly inFlight?: WrittenCount;
  readonly issuedLastHour?: WrittenCount;
  readonly issuedLastDay?: WrittenCount;
}

export interface WrittenCommit {
  readonly id?: string;
  readonly time?: string;
  readonly author?: string;
  readonly committer?: string;
  readonly subject?: string;
  readonly trailers?: Readonly<Record<string, string | readonly string[]>>;
  readonly touchesPolicies?: boolean;
}

export interface WrittenLastTask {
  readonly id?: string;
  readonly name?: string;
  readonly command?: string;
  readonly outcome?: string;
  readonly endedAt?: string;
}

export interface WrittenDevice {
  readonly id: string;
  readonly state?: string;
  readonly type?: string;
  readonly tags?: Texts;
  readonly lastReachedOutAt?: string;
  readonly busyWith?: string;
  readonly lastTask?: WrittenLastTask;
  readonly lastReboot?: WrittenLastTask;
  readonly lastUnlock?: WrittenLastTask;
}

export interface WrittenPrevious {
  readonly exists?: boolean;
  readonly token?: string;
  readonly command?: string;
  readonly targets?: readonly string[];
  readonly description?: string;
  readonly tags?: Texts;
  readonly run?: number;
  readonly state?: string;
  readonly taskId?: string;
  readonly issuedAt?: string;
  readonly endedAt?: string;
}

export interface WrittenSettings {
  readonly uncovered?: 'hold' | 'allow';
  readonly separateCommits?: boolean;
  readonly requirePolicies?: readonly string[];
  readonly maxWait?: string;
}

/** What is given to one case, and where each part of it is written. */
export interface MergedGiven {
  readonly value: WrittenGiven;
  /** The place of a value by its path, as `['task', 'targets', 0]`; of what is written nowhere, that of the case. */
  readonly spot: (path: ValuePath) => Spot;
}

/** Of a map the case overrides the keys that it writes, of everything else the whole. One level deep, and no deeper. */
export function mergeGiven(
  shared: WrittenGiven,
  own: WrittenGiven,
  caseAt: ValuePath,
  locate: Locate,
): MergedGiven {
  const values: Record<string, unknown> = {};
  for (const key of givenKeys) {
    const [common, special] = [readKey(shared, key), readKey(own, key)];
    // Of a previous revision that is not there nothing else can be told.
    const isAbsent = isMap(special) && special['exists'] === false;
    const value =
      isMap(common) && isMap(special) && !isAbsent ? { ...common, ...special } : (special ?? common);
    if (value !== undefined) values[key] = value;
  }
  const spot = (path: ValuePath): Spot => {
    if (isWrittenIn(own, path)) return locate([...caseAt, ...path]);
    if (isWrittenIn(shared, path)) return locate(['spec', 'given', ...path]);
    const [key, ...rest] = path;
    if (key === undefined || rest.length === 0) return locate(caseAt);
    return spot([key]);
  };
  // Each value is one of those that the schema has accepted under its key.
  return { value: values as WrittenGiven, spot };
}

function readKey(given: object, key: string | number): JsonValue | undefined {
  return Object.hasOwn(given, key) ? (given as Readonly<Record<string, JsonValue>>)[key] : undefined;
}

/** Whether the key, and the key below it, are written here: deeper values come from one place. */
function isWrittenIn(given: WrittenGiven, [key, below]: ValuePath): boolean {
  const value = key === undefined ? undefined : readKey(given, key);
  if (value === undefined || below === undefined || !isMap(value)) return value !== undefined;
  return Object.hasOwn(value, below);
}

/** Reads the values of one case, and gathers what is wrong with them. */
export class GivenReader {
  readonly nowMs: number;
  readonly #spot: MergedGiven['spot'];
  readonly #problems: DocumentProblem[];

  constructor({ value, spot }: MergedGiven, problems: DocumentProblem[]) {
    this.#spot = spot;
    this.#problems = problems;
    this.nowMs = 0;
    if (value.now === undefined) this.report('SG1422', ['now'], 'no now is given, to it or to all cases');
    else this.nowMs = this.instant(value.now, ['now']);
  }

  report(code: DocumentProblem['code'], path: ValuePath, message: string, hint?: string): void {
    const problem = { code, severity: 'error', ...this.#spot(path), message } as const;
    this.#problems.push(hint === undefined ? problem : { ...problem, hint });
  }

  /** Epoch milliseconds; what is no instant is reported, and is then of no account. */
  instant(text: string, path: ValuePath): number {
    const time = parseTime(text);
    if (time.ok) return time.epochMs;
    this.report('SG1423', path, `${nameOf(path)} ${time.reason}`);
    return this.nowMs;
  }

  /** An instant that cannot be later than now, as nothing is that has happened. */
  past(text: string, path: ValuePath): number {
    const timeMs = this.instant(text, path);
    if (timeMs > this.nowMs) {
      const message = `${nameOf(path)} is later than now: it cannot have happened`;
      this.report('SG1424', path, message, 'correct it; a case that sets now may have to set it, too');
    }
    return timeMs;
  }

  /** Where a path of the task's own document is written in the test. */
  spot(path: ValuePath): Spot {
    return this.#spot(path);
  }
}

/** `devices[0].state` for people. */
function nameOf(path: ValuePath): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`))
    .join('');
}
