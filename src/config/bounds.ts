/** Every default and bound of the configuration, with its reason. Schema and resolver both read them here. */

export interface NumberBounds {
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
  readonly isWhole?: boolean;
}

export interface DurationBounds {
  readonly default: string;
  readonly minimum: string;
  readonly maximum: string;
}

/** Bounds of the configuration file itself. */
export const configFileLimits = {
  // A thousand fleets written at length; more is not a configuration.
  fileBytes: 1_048_576,
  documentsPerFile: 1,
  depth: 32,
} as const;

/** More fleets than accounts and regions that anybody has; each costs a client and a listing. */
export const fleetsMax = 1000;

/** As many as a manifest may have, and a bound on what each rule has to look at. */
export const fleetLabelsMax = 50;

/** More policies than anybody reviews; the name of each is looked up for each task. */
export const requirePoliciesMax = 50;

/** No default: without it a fleet's tasks are bounded by its devices alone. The most is what a ledger still holds open. */
export const maxInFlightBounds = { minimum: 1, maximum: 100_000 } as const;

/** The one in use and the one that takes its place. */
export const hookSecretsMax = 2;

/** One for each kind of reader (people, Prometheus), twice while they are replaced; each is read at each request. */
export const httpTokensMax = 8;

/** A channel, a system of records and a forge, each several times over; each has a connection and a cursor of its own. */
export const notifyTargetsMax = 16;

/** As many patterns as a policy has for fleets. */
export const notifyFleetsMax = 50;

export const numberBounds = {
  // A commit that drops more at once is more often a mistake (a wrong path, an empty tree) than meant; 0 halts at any.
  'source.maxRemovals': { default: 10, minimum: 0, maximum: 100_000, isWhole: true },
  // A manifest of every field at its longest has 60 KB; parsing time grows with it, and is paid in one piece.
  'source.limits.fileBytes': { default: 65_536, minimum: 1_024, maximum: 1_048_576, isWhole: true },
  // 100,000 are parsed in seconds, once; above a million the tree alone takes hundreds of megabytes.
  'source.limits.files': { default: 100_000, minimum: 1, maximum: 1_000_000, isWhole: true },
  // What a person still reviews in one file.
  'source.limits.documentsPerFile': { default: 100, minimum: 1, maximum: 1_000, isWhole: true },
  // A task needs 4; recursion grows with it.
  'source.limits.depth': { default: 32, minimum: 8, maximum: 100, isWhole: true },
  // A waiting revision is found within days of commits; beyond it its place in the order is the walk's end.
  'source.limits.historyCommits': { default: 10_000, minimum: 1, maximum: 1_000_000, isWhole: true },
  // What GitHub recommends per repository; a host of one's own takes more.
  'ledger.pushesPerMinute': { default: 6, minimum: 1, maximum: 600, isWhole: true },
  // They share the pushes; more replicas than a few only lose races.
  'ledger.replicas': { default: 1, minimum: 1, maximum: 16, isWhole: true },
  // One claim commit: small enough to be called before the deadline, large enough to need few pushes. A commit is
  // bounded in bytes, too (4 MiB): where claims are that long (annotations), the rest goes with the next one.
  'issue.batch': { default: 40, minimum: 1, maximum: 1_000, isWhole: true },
  // One batch: what a slip in a commit can set off before anybody looks is a batch for each pass.
  'issue.maxPerPass': { default: 40, minimum: 1, maximum: 1_000, isWhole: true },
  // More than 16 calls in flight bought nothing when measured.
  'issue.concurrency': { default: 8, minimum: 1, maximum: 64, isWhole: true },
  // Calls a second and fleet; AWS publishes no limit, and tasks are rare.
  'issue.rate': { default: 2, minimum: 0.1, maximum: 100 },
  // Calls a second and fleet that follow tasks; a thousand in flight are each asked for every ten minutes at this rate.
  'observe.rate': { default: 2, minimum: 0.1, maximum: 100 },
} as const satisfies Record<string, NumberBounds>;

export const durationBounds = {
  // Ten fetches of the default schedule may fail before issuing stops on old knowledge.
  'source.maxAge': { default: '5m', minimum: '1s', maximum: '24h' },
  // A first clone of a million files took 27 s; a slow line is given four times that.
  'source.limits.fetchTimeout': { default: '2m', minimum: '1s', maximum: '1h' },
  // A batch at the default rate and concurrency, and a push resent, fit in it.
  'issue.deadline': { default: '60s', minimum: '500ms', maximum: '10m' },
  // CreateTask answers in well under a second; five say that the line is broken.
  'issue.requestTimeout': { default: '5s', minimum: '100ms', maximum: '60s' },
  // What nobody asked for in a month is not what anybody expects to happen now; a year covers any planned work.
  'issue.maxWait': { default: '30d', minimum: '1h', maximum: '366d' },
  // A cancel is one call and takes effect at once; a minute leaves room for retries before the window closes.
  'cancel.lead': { default: '60s', minimum: '0s', maximum: '1h' },
  // Must exceed deadline + requestTimeout + settling (95 s by default); twice that leaves room for slow clocks.
  'recovery.takeover': { default: '3m', minimum: '1s', maximum: '24h' },
  // How long a request that was sent may go on to take effect and be listed: assumption A1.
  'recovery.settling': { default: '30s', minimum: '100ms', maximum: '1h' },
  // How long AWS lists a task: assumption A2; beyond it an absent task proves nothing, and a human is asked.
  'recovery.listTrust': { default: '24h', minimum: '1m', maximum: '90d' },
  // AWS refuses signatures 5 minutes off; windows want better.
  'clock.tolerance': { default: '30s', minimum: '1s', maximum: '5m' },
  // Kubernetes kills after 30 s; five are left for the exit.
  'shutdown.timeout': { default: '25s', minimum: '1s', maximum: '10m' },
} as const satisfies Record<string, DurationBounds>;

export type NumberKey = keyof typeof numberBounds;
export type DurationKey = keyof typeof durationBounds;

export const textDefaults = {
  'source.branch': 'main',
  'source.path': 'tasks',
  'source.policies': 'policies',
  // Half a minute: a merge is seen soon, and a host is asked 120 times an hour.
  'source.schedule': '*/30 * * * * *',
  'policySource.branch': 'main',
  'policySource.path': 'policies',
  'ledger.branch': 'snowgate-ledger',
  stateDir: '/var/lib/snowgate',
  // Loopback: what listens elsewhere is said by somebody. Three ports in a row that no well-known service has.
  'http.web.listen': '127.0.0.1:9640',
  'http.hooks.listen': '127.0.0.1:9641',
  'http.probes.listen': '127.0.0.1:9642',
} as const;

export type TextKey = keyof typeof textDefaults;
