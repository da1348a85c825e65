/** The simulator's options: flags as text in, one complete value out, or every fault in them at once. */
import type { Fault, Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import type { SigningKey } from './proof.ts';
import type { RuleOptions } from './rules.ts';
import { findContradictions, readFleets } from './seats.ts';
import type { FleetSeat } from './service.ts';
import type { Settings } from './settings.ts';
import { defaultSettings } from './settings.ts';
import type { Reading, Written } from './written.ts';
import {
  findUnknownKeys,
  quote,
  readCount,
  readDuration,
  readRule,
  readSettings,
  settingKeys,
} from './written.ts';

interface ListenAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

export interface SimulatorOptions {
  readonly listen: ListenAddress;
  readonly seed: number;
  readonly fleets: readonly FleetSeat[];
  /** The first so many devices of each fleet begin offline. */
  readonly offline: number;
  readonly settings: Settings;
  readonly rules: readonly RuleOptions[];
  /** How far the server's `Date` and its check of signatures run ahead of this machine's clock; negative: behind. */
  readonly skewMs: number;
  /** Whether a request dated more than 5 minutes off is refused, as AWS does. */
  readonly checkSkew: boolean;
  /** With any of them, every signature is proved; without, none. */
  readonly signingKeys: readonly SigningKey[];
}

const devicesMax = 100_000;
const defaultDevices = 6;
/** AWS's own example account: it belongs to nobody. */
export const defaultSeat: FleetSeat = {
  account: '111122223333',
  region: 'us-west-2',
  accessKeyIds: [],
  devices: defaultDevices,
};

export const defaultOptions: SimulatorOptions = {
  listen: { host: '127.0.0.1', port: 0 },
  seed: 1,
  fleets: [defaultSeat],
  offline: 0,
  settings: defaultSettings,
  rules: [],
  skewMs: 0,
  checkSkew: true,
  signingKeys: [],
};

/** A flag as a command line registers it; `key` is what its value is called in {@link simulatorOptions}. */
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

/** What was read from the files that flags name. */
export interface SimulatorFiles {
  readonly signingKeys?: readonly SigningKey[];
}

const codes = { value: 'SG6001', listen: 'SG6002', unknown: 'SG6003', fleets: 'SG6004' } as const;
/** Where `snowgate simulate` listens unless told otherwise. */
const commandListen = '127.0.0.1:4010';

/**
 * Options from flags and from what stands in the files that flags name (texts by the keys of {@link simulatorFlags}; `rule` and `fleet` are lists). Faults: SG6001 a value that
 * cannot be, SG6002 an address that is not loopback, SG6003 an unknown key, SG6004 fleets that contradict each other.
 */
export function simulatorOptions(
  written: Written,
  files: SimulatorFiles = {},
): Result<SimulatorOptions, readonly Fault[]> {
  const faults: Fault[] = [];
  const refuse = (code: (typeof codes)[keyof typeof codes], problem: string, hint?: string): void => {
    faults.push(fault(code, 'human', problem, hint));
  };
  const take = <T>(key: string, fallback: T, read: (flag: string, value: unknown) => Reading<T>): T => {
    if (written[key] === undefined) return fallback;
    const reading = read(flagOf(key), written[key]);
    if (reading.ok) return reading.value;
    refuse(codes.value, reading.problem);
    return fallback;
  };
  for (const problem of findUnknownKeys(
    written,
    simulatorFlags.map(({ key }) => key),
  )) {
    refuse(codes.unknown, problem, 'snowgate simulate --help lists every flag');
  }
  const listen = readListen(written.listen ?? commandListen);
  if (!listen.ok) {
    refuse(
      codes.listen,
      listen.problem,
      'the simulator trusts whoever reaches it: use 127.0.0.1:PORT or [::1]:PORT',
    );
  }
  const devices = take('devices', defaultDevices, (flag, value) => readCount(flag, value, 0, devicesMax));
  const settings = readSettings(settingsOf(written), [], (key) => flagOf(key.replace(/Ms$/, '')));
  if (!settings.ok) for (const problem of settings.problems) refuse(codes.value, problem);
  const options: SimulatorOptions = {
    listen: listen.ok ? listen.value : defaultOptions.listen,
    seed: take('seed', defaultOptions.seed, (flag, value) => readCount(flag, value, 0, 0xffff_ffff)),
    fleets: readFleets(written, { ...defaultSeat, devices }, (problem) => refuse(codes.fleets, problem)),
    offline: take('offline', 0, (flag, value) => readCount(flag, value, 0, devicesMax)),
    settings: settings.ok ? { ...defaultSettings, ...settings.value } : defaultSettings,
    rules: readRules(written.rule, (problem) => refuse(codes.value, problem)),
    skewMs: take('skew', 0, readSkew),
    checkSkew: take('checkSkew', true, readSwitch),
    signingKeys: files.signingKeys ?? [],
  };
  for (const problem of findContradictions(options.fleets, options.signingKeys)) {
    refuse(codes.fleets, problem);
  }
  return faults.length > 0 ? failed(faults) : ok(options);
}

/** `tokenLife` as it is typed: `--token-life`. */
function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The settings among the flags: `tokenLife` is `tokenLifeMs`, where the text names its own unit. */
function settingsOf(written: Written): Written {
  const settings: Record<string, unknown> = {};
  for (const key of settingKeys) settings[key] = written[key.replace(/Ms$/, '')];
  return settings;
}

/** `HOST:PORT` with a loopback host: 127.x.y.z, localhost (taken for 127.0.0.1), or [::1]. */
function readListen(value: unknown): Reading<ListenAddress> {
  const refused = (reason: string): Reading<never> => ({
    ok: false,
    problem: `--listen is ${quote(value)}: ${reason}`,
  });
  const match = typeof value === 'string' ? /^(\[[^\]]*\]|[^:]*):([0-9]{1,5})$/.exec(value) : null;
  if (match === null) return refused('it must be HOST:PORT');
  const [, hostText = '', portText = ''] = match;
  const port = Number(portText);
  if (port > 65_535) return refused('a port is at most 65535');
  const host = hostText === 'localhost' ? '127.0.0.1' : hostText.replace(/^\[(.*)\]$/, '$1');
  if (!isLoopback(host)) return refused('the simulator listens on loopback addresses only');
  return { ok: true, value: { host, port } };
}

/** Whether an address, not a name, is of this machine's loopback. */
export function isLoopback(host: string): boolean {
  if (host === '::1') return true;
  const octets = /^127\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})$/.exec(host)?.slice(1);
  return octets?.every((octet) => Number(octet) <= 255) ?? false;
}

function readSkew(flag: string, value: unknown): Reading<number> {
  const text = typeof value === 'string' ? value : '';
  const reading = readDuration(flag, text.replace(/^-/, ''));
  if (!reading.ok)
    return { ok: false, problem: `${flag} is ${quote(value)}: it must be a time, like 7m or -7m` };
  return { ok: true, value: text.startsWith('-') ? -reading.value : reading.value };
}

function readSwitch(flag: string, value: unknown): Reading<boolean> {
  if (value === true || value === 'true') return { ok: true, value: true };
  if (value === false || value === 'false') return { ok: true, value: false };
  return { ok: false, problem: `${flag} is ${quote(value)}: it must be true or false` };
}

function readRules(value: unknown, refuse: (problem: string) => void): RuleOptions[] {
  const rules: RuleOptions[] = [];
  for (const text of Array.isArray(value) ? value : value === undefined ? [] : [value]) {
    let parsed: unknown;
    try {
      parsed = typeof text === 'string' ? JSON.parse(text) : text;
    } catch {
      refuse(`--rule ${quote(text)} is not JSON`);
      continue;
    }
    const rule = readRule(parsed);
    if (rule.ok) rules.push(rule.value);
    else for (const problem of rule.problems) refuse(`--rule ${quote(text)}: ${problem}`);
  }
  return rules;
}
