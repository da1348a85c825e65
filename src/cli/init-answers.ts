/** What `init` has to know, what it offers, and what fits what. */

export const forges = ['github', 'gitlab', 'gitea', 'none'] as const;
export type Forge = (typeof forges)[number];

export interface FleetAnswer {
  readonly name: string;
  readonly region: string;
  readonly account: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface InitAnswers {
  readonly fleets: readonly FleetAnswer[];
  readonly timeZone: string;
  readonly window: WindowName;
  /** Names of {@link offeredPolicies}. */
  readonly policies: readonly string[];
  readonly forge: Forge;
  readonly sourceUrl: string;
  readonly ledgerUrl: string;
  /** Accounts of the forge; both empty where nobody was named. */
  readonly taskOwners: readonly string[];
  readonly policyOwners: readonly string[];
  /** In which a freeze would begin. */
  readonly year: number;
}

export interface WindowOffer {
  readonly description: string;
  /** Cron start and elapsed duration, as a window writes them. */
  readonly start: string;
  readonly duration: string;
  readonly cutoff: string;
  readonly cutoffMinutes: number;
  /** The opening that tests of policies look at, in local time; the days are of the library's own tests. */
  readonly opens: string;
  readonly closes: string;
  readonly opensNext: string;
}

export const windowNames = ['nights', 'weekends', 'weekday-mornings'] as const;
export type WindowName = (typeof windowNames)[number];

/** The windows that are offered; nights and weekends are those of `policies/reboot-at-night.yaml`. */
export const windowOffers: Readonly<Record<WindowName, WindowOffer>> = {
  nights: {
    description: 'every night from 22:00 to 05:00',
    start: '0 22 * * *',
    duration: '7h',
    cutoff: '30m',
    cutoffMinutes: 30,
    opens: '2026-11-25T22:00',
    closes: '2026-11-26T05:00',
    opensNext: '2026-11-26T22:00',
  },
  weekends: {
    description: 'every weekend from Friday 18:00 to Monday 06:00',
    start: '0 18 * * FRI',
    duration: '60h',
    cutoff: '30m',
    cutoffMinutes: 30,
    opens: '2026-11-27T18:00',
    closes: '2026-11-30T06:00',
    opensNext: '2026-12-04T18:00',
  },
  'weekday-mornings': {
    description: 'Monday to Friday from 08:00 to 12:00',
    start: '0 8 * * MON-FRI',
    duration: '4h',
    cutoff: '15m',
    cutoffMinutes: 15,
    opens: '2026-11-27T08:00',
    closes: '2026-11-27T12:00',
    opensNext: '2026-11-30T08:00',
  },
};

/** The window in which `reboot-at-night` lets devices be rebooted: the chosen one, but never by day on weekdays. */
export function rebootWindow(chosen: WindowName): WindowName {
  return chosen === 'weekday-mornings' ? 'nights' : chosen;
}

/** The windows that a chosen policy names, of those that are offered. */
export function namedWindows({ policies, window }: Pick<InitAnswers, 'policies' | 'window'>): WindowName[] {
  const named = new Set([
    ...(policies.includes('unlock-inside-window') ? [window] : []),
    ...(policies.includes('reboot-at-night') ? [rebootWindow(window)] : []),
  ]);
  return [...named];
}

export type Fitting = Pick<InitAnswers, 'fleets' | 'window'>;

export interface PolicyOffer {
  readonly name: string;
  /** A task is issued only ... */
  readonly does: string;
  /** The commands it is about; none means every task. */
  readonly commands: readonly ('unlock' | 'reboot')[];
  /** Whether it is chosen where nobody says otherwise. */
  readonly fits: (answers: Fitting) => boolean;
  /** Whether it matches every task of a fleet, so that the configuration can require it. */
  readonly covers: (fleet: FleetAnswer) => boolean;
}

function isProduction({ labels }: FleetAnswer): boolean {
  return labels.env === 'production';
}

const always = (): boolean => true;
const never = (): boolean => false;

/** The policies of the package, as `policies/README.md` tells of them. */
export const offeredPolicies: readonly PolicyOffer[] = [
  {
    name: 'unlock-inside-window',
    does: 'inside the maintenance window, if it unlocks',
    commands: ['unlock'],
    fits: always,
    covers: never,
  },
  {
    name: 'unlock-only-locked',
    does: 'for devices that are locked, if it unlocks',
    commands: ['unlock'],
    fits: always,
    covers: never,
  },
  {
    name: 'reboot-at-night',
    does: 'at night, or at the weekend where that is the window, if it reboots',
    commands: ['reboot'],
    // Whoever works on weekday mornings would wait for ever for a reboot that may only come at night.
    fits: ({ window }) => window !== 'weekday-mornings',
    covers: never,
  },
  {
    name: 'reboot-cool-down',
    does: "six hours after a device's last reboot, if it reboots",
    commands: ['reboot'],
    fits: always,
    covers: never,
  },
  {
    name: 'production-owner',
    does: 'with an owner, in fleets labelled env=production',
    commands: [],
    fits: ({ fleets }) => fleets.some(isProduction),
    covers: isProduction,
  },
  {
    name: 'change-ticket',
    does: 'with a change request, or the pull request fails',
    commands: [],
    fits: never,
    covers: always,
  },
  {
    name: 'max-in-flight',
    does: 'while fewer than two devices of the fleet are in flight',
    commands: [],
    fits: never,
    covers: always,
  },
  {
    name: 'device-seen',
    does: 'for devices that AWS has heard of in the last hour',
    commands: [],
    fits: never,
    covers: always,
  },
  {
    name: 'freeze',
    does: 'outside of the weeks at the end of the year',
    commands: [],
    fits: never,
    covers: always,
  },
];

/** The policies that are chosen where nobody says otherwise. */
export function fittingPolicies(answers: Fitting): string[] {
  return offeredPolicies.filter(({ fits }) => fits(answers)).map(({ name }) => name);
}

/** The chosen policies that match every task of a fleet: the floor below which no commit gets. */
export function coveringPolicies(fleet: FleetAnswer, chosen: readonly string[]): string[] {
  return offeredPolicies
    .filter(({ name, covers }) => chosen.includes(name) && covers(fleet))
    .map(({ name }) => name);
}

/** Commands that no chosen policy is about in some fleet: such tasks are held until one is. */
export function uncoveredCommands({ fleets, policies }: Pick<InitAnswers, 'fleets' | 'policies'>): string[] {
  const chosen = offeredPolicies.filter(({ name }) => policies.includes(name));
  return (['unlock', 'reboot'] as const).filter((command) =>
    fleets.some(
      (fleet) => !chosen.some(({ commands, covers }) => commands.includes(command) || covers(fleet)),
    ),
  );
}

/** Obviously to be filled: the domain is reserved, and nobody answers there. */
export const placeholderUrls = {
  source: 'https://git.example.com/change-me/snow-tasks.git',
  ledger: 'https://git.example.com/change-me/snow-ledger.git',
} as const;

/** The forge that a host's name tells of; null where it tells nothing. */
export function forgeOf(url: string): Exclude<Forge, 'none'> | null {
  const host = /^(?:[a-z]+:\/\/)?(?:[^@/]*@)?([^:/]+)/i.exec(url)?.[1]?.toLowerCase() ?? '';
  if (/(?:^|\.)github\./.test(host)) return 'github';
  if (/(?:^|\.)gitlab\./.test(host)) return 'gitlab';
  return /(?:^|\.)(?:gitea|forgejo|codeberg)\./.test(host) ? 'gitea' : null;
}

/** The ledger's repository beside that of the tasks. */
export function ledgerBeside(sourceUrl: string): string {
  return sourceUrl.replace(/\/*(?:\.git)?\/*$/, '-ledger.git');
}
