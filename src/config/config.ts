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
  readonly policies: string;
  /** node-cron with seconds, UTC. */
  readonly schedule: string;
  readonly maxAgeMs: number;
  readonly maxRemovals: number;
  readonly accept?: string;
  readonly limits: SourceLimits;
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
}

export interface IssueConfig {
  readonly batch: number;
  readonly concurrency: number;
  readonly deadlineMs: number;
  readonly requestTimeoutMs: number;
  /** CreateTask calls a second and fleet. */
  readonly rate: number;
}

export interface RecoveryConfig {
  readonly takeoverMs: number;
  readonly settlingMs: number;
  readonly listTrustMs: number;
}

export interface ControllerConfig {
  readonly source: SourceConfig;
  readonly ledger: LedgerConfig;
  readonly stateDir: string;
  readonly replica: string;
  readonly repeatGuard: boolean;
  readonly fleets: ReadonlyMap<string, FleetConfig>;
  readonly issue: IssueConfig;
  readonly recovery: RecoveryConfig;
  /** Calls a second and fleet that only look. */
  readonly observe: { readonly rate: number };
  readonly clock: { readonly toleranceMs: number };
  readonly shutdown: { readonly timeoutMs: number };
}

/** The identity that claims of a fleet record. `provedAccount` is what STS said; empty where it is not asked. */
export function fleetIdentity(fleet: FleetConfig, provedAccount: string): FleetIdentity {
  return { account: provedAccount, region: fleet.region, endpoint: fleet.endpoint ?? '' };
}
