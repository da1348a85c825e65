/** The resolved configuration: every default filled in, every duration in milliseconds, every relation checked. */

export type Auth =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly tokenFile: string }
  | { readonly kind: 'password'; readonly username: string; readonly passwordFile: string }
  | { readonly kind: 'ssh'; readonly sshKeyFile: string; readonly knownHostsFile: string };

/** A Git repository and how it is reached. Secret files are read again at each use. */
export interface RemoteConfig {
  readonly url: string;
  readonly branch: string;
  readonly auth: Auth;
  readonly caFile?: string;
  readonly proxy?: string;
  /** Allows http beyond loopback, where everybody on the way can read the token. */
  readonly insecureTransport: boolean;
}

export interface SourceLimits {
  readonly fileBytes: number;
  readonly files: number;
  readonly documentsPerFile: number;
  readonly depth: number;
  readonly fetchTimeoutMs: number;
  /** How many first-parent commits are walked to find where a waiting revision was introduced. */
  readonly historyCommits: number;
}

export interface SourceConfig extends RemoteConfig {
  readonly path: string;
  /** Where windows and policies lie; null where they come from the policy source. */
  readonly policies: string | null;
  /** The configuration says where they lie: so there are some. */
  readonly namesPolicies: boolean;
  /** node-cron with seconds, UTC. */
  readonly schedule: string;
  readonly maxAgeMs: number;
  readonly maxRemovals: number;
  readonly accept?: string;
  readonly limits: SourceLimits;
}

/** Windows and policies from elsewhere. It is read within the limits of the source. */
export interface PolicySourceConfig extends RemoteConfig {
  readonly path: string;
  /** The head of a halt (rewritten history) that is meant after all. */
  readonly accept?: string;
}

export interface LedgerConfig extends RemoteConfig {
  readonly id?: string;
  readonly acceptCommit?: string;
  readonly pushesPerMinute: number;
  readonly replicas: number;
  /** True where source and ledger share one repository: allowed, and warned about. */
  readonly sharesSource: boolean;
}

/** Which AWS a fleet is: what a claim was made in, and the only place where it may be recovered. */
export interface FleetIdentity {
  /** Twelve digits; empty where an endpoint without accounts is configured. */
  readonly account: string;
  readonly region: string;
  /** Empty for AWS's own endpoint. */
  readonly endpoint: string;
}

export interface FleetConfig {
  readonly name: string;
  readonly region: string;
  readonly account?: string;
  readonly endpoint?: string;
  readonly stsEndpoint?: string;
  readonly roleArn?: string;
  readonly externalId?: string;
  /** Only looked at: its tasks are planned, and nothing is claimed or asked. Absent where its tasks are issued. */
  readonly mode?: 'observe';
  /** The identity of the newest claim that the operator says is left behind on purpose. */
  readonly rebind?: FleetIdentity;
  /** What policies may know of the fleet, whatever a commit says. */
  readonly labels: Readonly<Record<string, string>>;
  /** Names of policies that must be there and match each of the fleet's tasks. */
  readonly requirePolicies: readonly string[];
  /** How many tasks of the fleet may be open at a time; absent where that is not bounded. */
  readonly maxInFlight?: number;
}

/** What holds where policies say nothing, and what no commit may do. */
export interface PolicyConfig {
  /** What happens to a task that no policy matches with a rule other than warn. */
  readonly uncovered: 'hold' | 'allow';
  /** Holds a task whose commit changes policies, too. */
  readonly separateCommits: boolean;
}

export interface IssueConfig {
  readonly batch: number;
  readonly concurrency: number;
  readonly deadlineMs: number;
  readonly requestTimeoutMs: number;
  /** CreateTask calls a second and fleet. */
  readonly rate: number;
  /** What was introduced longer ago is denied as stale. */
  readonly maxWaitMs: number;
  /** How many tasks one pass claims for a fleet, at most. */
  readonly maxPerPass: number;
}

export interface RecoveryConfig {
  readonly takeoverMs: number;
  readonly settlingMs: number;
  readonly listTrustMs: number;
}

/** Where deliveries of webhooks may come from. */
export const hookProviders = ['github', 'gitlab', 'gitea', 'bitbucket', 'generic'] as const;
export type HookProvider = (typeof hookProviders)[number];

/** An IP address, and a port; 0 is any that is free. */
export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

/** What listens; null is a listener that is not opened. Secret files are read again at each use. */
export interface HttpConfig {
  readonly web: ListenAddress | null;
  readonly hooks: ListenAddress | null;
  readonly probes: ListenAddress | null;
  /** Of the providers that are mounted, and of no other. */
  readonly hookSecretFiles: ReadonlyMap<HookProvider, readonly string[]>;
  /** Any of their tokens opens `web`; empty where it is open to everybody who reaches it. */
  readonly tokenFiles: readonly string[];
  /** Whether device ids are shortened wherever `web` shows them. */
  readonly redactDevices: boolean;
}

/** What word is sent of. The first group is written in the ledger; the second is how things stand. */
export const noticeKinds = [
  'issued',
  'refused',
  'released',
  'inDoubt',
  'doubtEnded',
  'ambiguous',
  'doubled',
  'resolved',
  'succeeded',
  'partial',
  'failed',
  'canceled',
  'missed',
  'vanished',
  'cancelRequested',
  'cancelRefused',
  'ranOutsideWindow',
  'expired',
  'withdrawn',
  'denied',
  'held',
  'quarantined',
  'halted',
  'fleetHalted',
  'notSynced',
] as const;
export type NoticeKind = (typeof noticeKinds)[number];

/** Rising. */
export const noticeSeverities = ['info', 'warning', 'error'] as const;
export type NoticeSeverity = (typeof noticeSeverities)[number];

/** Whose API takes the status of a commit. */
export const statusForges = ['github', 'gitlab', 'gitea'] as const;
export type StatusForge = (typeof statusForges)[number];

/** How word is sent. Secret files are read again at each use. */
export type NotifyVia =
  | {
      readonly kind: 'webhook';
      readonly url: string;
      /** What each message is signed with. */
      readonly secretFile: string;
      readonly caFile?: string;
    }
  /** The URL is a secret: whoever knows it can write to the channel. */
  | { readonly kind: 'slack'; readonly urlFile: string; readonly caFile?: string }
  | {
      readonly kind: 'commitStatus';
      readonly forge: StatusForge;
      /** Without a final slash. */
      readonly apiUrl: string;
      readonly repository: string;
      readonly tokenFile: string;
      readonly caFile?: string;
    };

/** Somebody who is sent word. */
export interface NotifyTarget {
  readonly name: string;
  /** Patterns of the names of fleets. */
  readonly fleets: readonly string[];
  readonly events: readonly NoticeKind[];
  /** The least that is sent. */
  readonly severity: NoticeSeverity;
  /** Whether device ids are shortened in what it is sent. */
  readonly redactDevices: boolean;
  readonly via: NotifyVia;
}

export interface ControllerConfig {
  readonly source: SourceConfig;
  readonly policySource?: PolicySourceConfig;
  readonly policy: PolicyConfig;
  readonly ledger: LedgerConfig;
  readonly stateDir: string;
  readonly replica: string;
  readonly repeatGuard: boolean;
  readonly fleets: ReadonlyMap<string, FleetConfig>;
  readonly issue: IssueConfig;
  readonly recovery: RecoveryConfig;
  /** How long before a window closes what is still queued is cancelled. */
  readonly cancel: { readonly leadMs: number };
  /** Calls a second and fleet that only look. */
  readonly observe: { readonly rate: number };
  readonly clock: { readonly toleranceMs: number };
  readonly shutdown: { readonly timeoutMs: number };
  /** Absent where nothing listens. */
  readonly http?: HttpConfig;
  /** By name; absent where nobody is sent word. */
  readonly notify?: ReadonlyMap<string, NotifyTarget>;
}

/** The identity that claims of a fleet record. `provedAccount` is what STS said; empty where it is not asked. */
export function fleetIdentity(fleet: FleetConfig, provedAccount: string): FleetIdentity {
  return { account: provedAccount, region: fleet.region, endpoint: fleet.endpoint ?? '' };
}
