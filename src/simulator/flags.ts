/** The flags of `snowgate simulate`. */
import { defaultDevices, defaultSeat } from './defaults.ts';

/** A flag as a command line registers it; `key` is what its value is called in the options. */
export interface SimulatorFlag {
  readonly key: string;
  /** In commander's notation. */
  readonly flags: string;
  readonly description: string;
  readonly repeatable?: boolean;
}

/** Every flag of `snowgate simulate`. None has a default here: what is not given is not passed on. */
export const simulatorFlags: readonly SimulatorFlag[] = [
  { key: 'listen', flags: '--listen <host:port>', description: 'loopback address (default 127.0.0.1:4010)' },
  {
    key: 'devices',
    flags: '--devices <n>',
    description: `devices of each fleet (default ${defaultDevices})`,
  },
  { key: 'offline', flags: '--offline <n>', description: 'how many of them begin offline (default 0)' },
  {
    key: 'seed',
    flags: '--seed <n>',
    description: 'device and task ids, and probabilities, follow from it (default 1)',
  },
  { key: 'account', flags: '--account <id>', description: `account (default ${defaultSeat.account})` },
  { key: 'region', flags: '--region <name>', description: `region (default ${defaultSeat.region})` },
  {
    key: 'fleet',
    flags: '--fleet <account/region/keys>',
    description: 'one fleet of several, with the access key ids (comma-separated) that speak for its account',
    repeatable: true,
  },
  {
    key: 'scenario',
    flags: '--scenario <file>',
    description: 'a file that says which fleets and devices there are, and what happens to them when',
  },
  {
    key: 'rule',
    flags: '--rule <json>',
    description: 'a fault rule, as for POST /_simulator/rules',
    repeatable: true,
  },
  {
    key: 'tokenLife',
    flags: '--token-life <time>',
    description: 'memory of clientTokens; 0: none (default 10m)',
  },
  { key: 'listLag', flags: '--list-lag <time>', description: 'a new task is invisible so long (default 0)' },
  {
    key: 'listRetention',
    flags: '--list-retention <time>',
    description: 'a task is gone after; 0: never (default 0)',
  },
  { key: 'lateEffect', flags: '--late-effect <time>', description: 'a task is made so late (default 0)' },
  {
    key: 'cancelLag',
    flags: '--cancel-lag <time>',
    description: 'a cancellation takes effect so late (default 0)',
  },
  {
    key: 'cancelLoses',
    flags: '--cancel-loses <bool>',
    description: 'a device that can takes up what is being cancelled (default false)',
  },
  { key: 'pickup', flags: '--pickup <time>', description: 'least time an execution is QUEUED (default 1s)' },
  { key: 'reboot', flags: '--reboot <time>', description: 'how long a reboot takes (default 5s)' },
  { key: 'unlock', flags: '--unlock <time>', description: 'how long an unlock takes (default 2s)' },
  {
    key: 'executionLife',
    flags: '--execution-life <time>',
    description: 'then TIMED_OUT; 0: never (default 0)',
  },
  {
    key: 'pageSize',
    flags: '--page-size <n>',
    description: 'entries of a page at most, 1 to 100 (default 100)',
  },
  {
    key: 'listTags',
    flags: '--list-tags <bool>',
    description: 'whether ListTasks gives tags (default true)',
  },
  { key: 'listOrder', flags: '--list-order <order>', description: 'oldest, newest or id (default oldest)' },
  {
    key: 'openTasksMax',
    flags: '--open-tasks-max <n>',
    description: 'quota of unended tasks; 0: none (default 0)',
  },
  { key: 'tasksMax', flags: '--tasks-max <n>', description: 'tasks held in memory (default 200000)' },
  {
    key: 'keys',
    flags: '--keys <file>',
    description: 'access keys with their secrets; every signature is then proved',
  },
  {
    key: 'skew',
    flags: '--skew <time>',
    description: "the server's clock runs ahead by; with a minus, behind",
  },
  {
    key: 'checkSkew',
    flags: '--check-skew <bool>',
    description: 'refuse requests dated 5 minutes off (default true)',
  },
];

/** `tokenLife` as it is typed: `--token-life`. */
export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
