/** The simulator's options: flags as text in, one complete value out, or every fault in them at once. */
import type { Fault, Result } from '../lib/faults.ts';
import { failed, fault, ok } from '../lib/faults.ts';
import { defaultDevices, defaultSeat } from './defaults.ts';
import { flagOf, simulatorFlags } from './flags.ts';
import type { SigningKey } from './proof.ts';
import type { RuleOptions } from './rules.ts';
import type { Scenario } from './scenario.ts';
import { devicesMax, findContradictions, readFleets } from './seats.ts';
import type { FleetSeat } from './service.ts';
import type { Settings } from './settings.ts';
import { defaultSettings } from './settings.ts';
import type { Step } from './steps.ts';
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
  /** What happens by itself, and when. */
  readonly steps: readonly Step[];
}

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
  steps: [],
};

/** What was read from the files that flags name. */
export interface SimulatorFiles {
  readonly signingKeys?: readonly SigningKey[];
  readonly scenario?: Scenario;
}

/** What a scenario says, and a flag therefore must not. */
const worldFlags = ['devices', 'offline', 'account', 'region', 'fleet'];

const codes = { value: 'SG6001', listen: 'SG6002', unknown: 'SG6003', fleets: 'SG6004' } as const;
/** Where `snowgate simulate` listens unless told otherwise. */
const commandListen = '127.0.0.1:4010';

/**
 * Options from flags (texts by the keys of {@link simulatorFlags}; `rule` and `fleet` are lists) and from what stands in the
 * files that they name. A flag wins over a scenario, and must not say what only one of them can: which devices there are.
 * Faults: SG6001 a value that cannot be, SG6002 an address that is not loopback, SG6003 an unknown key, SG6004 fleets
 * and keys that contradict each other.
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
  const { scenario } = files;
  if (scenario !== undefined) {
    for (const key of worldFlags.filter((known) => written[known] !== undefined)) {
      refuse(codes.fleets, `--scenario says which devices there are: leave ${flagOf(key)} out`);
    }
  }
  const fleets = scenario?.fleets ?? readFleets(written, devices, (problem) => refuse(codes.fleets, problem));
  const options: SimulatorOptions = {
    listen: listen.ok ? listen.value : defaultOptions.listen,
    seed: take('seed', scenario?.seed ?? defaultOptions.seed, (flag, value) =>
      readCount(flag, value, 0, 0xffff_ffff),
    ),
    fleets,
    offline: take('offline', 0, (flag, value) => readCount(flag, value, 0, devicesMax)),
    settings: { ...defaultSettings, ...scenario?.settings, ...(settings.ok ? settings.value : {}) },
    rules: [
      ...readRules(written.rule, (problem) => refuse(codes.value, problem)),
      ...(scenario?.rules ?? []),
    ],
    skewMs: take('skew', 0, readSkew),
    checkSkew: take('checkSkew', true, readSwitch),
    signingKeys: files.signingKeys ?? [],
    steps: scenario?.steps ?? [],
  };
  if (scenario === undefined && options.offline > devices) {
    const problem = `--offline ${options.offline} is more than the ${devices} devices of each fleet`;
    refuse(codes.value, problem, 'say a smaller --offline, or a larger --devices');
  }
  for (const problem of findContradictions(options.fleets, options.signingKeys)) {
    refuse(codes.fleets, problem);
  }
  return faults.length > 0 ? failed(faults) : ok(options);
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
