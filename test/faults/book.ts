/** What people write below the policies' folder, and how it looks as files. Times are milliseconds of simulated time. */
import { sha256Hex } from '../../src/lib/digest.ts';
import type { PolicyFile } from '../../src/policy/policy-file.ts';
import { epochMs } from './process.ts';

const minuteMs = 60_000;

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Zones whose clocks do not change while a simulation lasts, with what they are ahead of UTC. */
export const zones = [
  { name: 'UTC', aheadMinutes: 0 },
  { name: 'Europe/Oslo', aheadMinutes: 60 },
  { name: 'Asia/Kolkata', aheadMinutes: 330 },
  { name: 'America/New_York', aheadMinutes: -300 },
] as const;

export interface WindowText {
  readonly name: string;
  readonly zone: (typeof zones)[number];
  /** Minutes past each hour of the zone at which it opens, and for how long. */
  readonly hourly: { readonly minutes: readonly number[]; readonly lasts: number } | null;
  /** Whole minutes. */
  readonly spans: readonly Span[];
  /** Neither of both: open except when closed. */
  readonly closed: readonly Span[];
  readonly cutoffMinutes: number;
  /** Its zone is misspelt. */
  readonly isBroken: boolean;
}

export type RuleKind =
  | {
      readonly kind: 'window';
      readonly windows: readonly string[];
      readonly onClose: 'cancel' | 'leave' | null;
    }
  /** Fewer than so many tasks are in flight in the fleet. */
  | { readonly kind: 'count'; readonly most: number }
  /** Its annotation names a change. */
  | { readonly kind: 'change' }
  /** The commit that introduced it bears a trailer. */
  | { readonly kind: 'review' }
  /** It was introduced so long ago. */
  | { readonly kind: 'age'; readonly seconds: number }
  /** AWS has a tag on each device. */
  | { readonly kind: 'ready' }
  /** Holds for no task: only a waiver helps. */
  | { readonly kind: 'never' };

export type RuleText = RuleKind & {
  readonly name: string;
  readonly otherwise: 'deny' | 'hold' | 'warn' | null;
};

export interface PolicyText {
  readonly name: string;
  /** Null: all. */
  readonly commands: readonly string[] | null;
  readonly fleets: readonly string[] | null;
  readonly rules: readonly RuleText[];
  /** `yaml`: nobody can tell what stands in it. `rule`: one of its rules has a key that no rule has. */
  readonly broken: 'yaml' | 'rule' | null;
}

export interface SuspensionText {
  readonly name: string;
  readonly fleet: string | null;
  readonly untilMs: number | null;
  /** Its end is no time. */
  readonly isBroken: boolean;
}

export interface WaiverText {
  readonly name: string;
  readonly fleet: string;
  readonly task: string;
  readonly run: number;
  readonly rules: readonly string[];
  readonly expiresMs: number;
}

export interface Book {
  readonly windows: readonly WindowText[];
  readonly policies: readonly PolicyText[];
  readonly suspensions: readonly SuspensionText[];
  readonly waivers: readonly WaiverText[];
}

export const emptyBook: Book = { windows: [], policies: [], suspensions: [], waivers: [] };

/** The path of a waiver's file. */
export function waiverPath(name: string): string {
  return `policies/waiver-${name}.yaml`;
}

/** The files of a book, one for each document. */
export function writeBook({ windows, policies, suspensions, waivers }: Book): PolicyFile[] {
  return [
    ...policies.map((policy) => file(`policies/policy-${policy.name}.yaml`, writePolicy(policy))),
    ...suspensions.map((one) => file(`policies/suspension-${one.name}.yaml`, writeSuspension(one))),
    ...waivers.map((waiver) => file(waiverPath(waiver.name), writeWaiver(waiver))),
    ...windows.map((window) => file(`policies/window-${window.name}.yaml`, writeWindow(window))),
  ];
}

function file(path: string, text: string): PolicyFile {
  const bytes = new TextEncoder().encode(text);
  return { path, blob: sha256Hex(text).slice(0, 40), content: { kind: 'bytes', bytes } };
}

function head(kind: string, name: string): string {
  return `apiVersion: snowgate/v1\nkind: ${kind}\nmetadata: {name: ${name}}\nspec:\n`;
}

function instant(ms: number): string {
  return new Date(epochMs + ms).toISOString();
}

function writeWindow({ name, zone, hourly, spans, closed, cutoffMinutes, isBroken }: WindowText): string {
  const local = (ms: number): string =>
    new Date(epochMs + ms + zone.aheadMinutes * minuteMs).toISOString().slice(0, 16);
  const single = ({ fromMs, toMs }: Span): string => `{from: ${local(fromMs)}, to: ${local(toMs)}}`;
  const open = spans.map(single);
  if (hourly !== null)
    open.push(`{start: "${hourly.minutes.join(',')} * * * *", duration: ${hourly.lasts}m}`);
  return [
    `${head('Window', name)}  timeZone: ${isBroken ? `${zone.name}o` : zone.name}`,
    ...(open.length === 0 ? [] : [`  open: [${open.join(', ')}]`]),
    ...(closed.length === 0 ? [] : [`  closed: [${closed.map(single).join(', ')}]`]),
    ...(cutoffMinutes === 0 ? [] : [`  cutoff: ${cutoffMinutes}m`]),
    '',
  ].join('\n');
}

function writePolicy({ name, commands, fleets, rules, broken }: PolicyText): string {
  if (broken === 'yaml') return `${head('Policy', name)}  rules: [\n`;
  const match = [
    ...(commands === null ? [] : [`commands: [${commands.join(', ')}]`]),
    ...(fleets === null ? [] : [`fleets: [${fleets.join(', ')}]`]),
  ];
  const slip = broken === 'rule' ? ', colour: red' : '';
  const lines = rules.map((rule) => {
    const otherwise = rule.otherwise === null ? '' : `, otherwise: ${rule.otherwise}`;
    return `    - {name: ${rule.name}, ${writeRule(rule)}${otherwise}${slip}}`;
  });
  const start = match.length === 0 ? '' : `  match: {${match.join(', ')}}\n`;
  return `${head('Policy', name)}${start}  rules:\n${lines.join('\n')}\n`;
}

function writeRule(rule: RuleText): string {
  const asked = (condition: string): string => `require: ${JSON.stringify(condition)}`;
  switch (rule.kind) {
    case 'window': {
      const [only, ...others] = rule.windows;
      const windows = others.length === 0 ? only : `{anyOf: [${rule.windows.join(', ')}]}`;
      return `window: ${windows}${rule.onClose === null ? '' : `, onClose: ${rule.onClose}`}`;
    }
    case 'count':
      return asked(`fleet.inFlight.tasks < ${rule.most}`);
    case 'change':
      return asked('"change" in task.annotations && re(task.annotations.change, "^CHG[0-9]+$")');
    case 'review':
      return asked('"reviewed-by" in introduced.trailers');
    case 'age':
      return asked(`age(introduced.time) >= duration("${rule.seconds}s")`);
    case 'never':
      return asked('task.run > 1000');
    case 'ready':
      return asked('devices.all(device, "ready" in device.tags && device.tags.ready == "yes")');
  }
}

function writeSuspension({ name, fleet, untilMs, isBroken }: SuspensionText): string {
  const until = isBroken ? '  until: soon\n' : untilMs === null ? '' : `  until: "${instant(untilMs)}"\n`;
  return `${head('Suspension', name)}  reason: incident\n${fleet === null ? '' : `  fleet: ${fleet}\n`}${until}`;
}

function writeWaiver({ name, fleet, task, run, rules, expiresMs }: WaiverText): string {
  const what = `  fleet: ${fleet}\n  task: ${task}\n  run: ${run}\n  rules: [${rules.join(', ')}]\n`;
  return `${head('Waiver', name)}${what}  reason: storm\n  expires: "${instant(expiresMs)}"\n`;
}
