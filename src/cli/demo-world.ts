import { randomUUID } from 'node:crypto';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ControllerConfig } from '../config/config.ts';
import { resolveConfig } from '../config/resolve.ts';
import { makeBareRepository, makeWorkRepository } from '../git/demo-repository.ts';
import { prepareGitHome } from '../git/home.ts';
import { makeTemporaryDir } from '../git/ledger-audit.ts';
import { initLedger } from '../git/ledger-init.ts';
import { encodeFormat } from '../ledger/codec.ts';
import { formatVersion } from '../ledger/events.ts';
import { systemClock } from '../lib/clock.ts';
import { BugError, type Fault, failed, fault, ok, type Result } from '../lib/faults.ts';
import { defaultOptions } from '../simulator/options.ts';
import { type Simulator, startSimulator } from '../simulator/server.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * How long after it was made the demo's window opens: the first pass must find it closed, also on a slow machine, and
 * nobody likes to wait.
 */
const openingDelayMs = 20_000;
/** Longer than anybody watches. */
const openingMs = 12 * 60 * 60_000;

/** The examples are part of the package; this file runs from `dist/cli`, and in tests from `src/cli`. */
const examplesDir = fileURLToPath(new URL('../../examples/', import.meta.url));

/** AWS's own example account, which the devices of the examples belong to, and the key that speaks for it here. */
const demoAccount = '111122223333';
const demoAccessKeyId = 'SNOWGATEDEMO';
const devicesPerFleet = 6;

/** A world to try things in: source, ledger, simulated AWS and a configuration for them. */
export interface DemoWorld {
  readonly dir: string;
  readonly sourceDir: string;
  readonly ledgerDir: string;
  readonly configFile: string;
  readonly config: ControllerConfig;
  readonly simulator: Simulator;
  /** When the window of its policies opens. */
  readonly opensMs: number;
  /** Ends the simulator and removes every file. */
  close(): Promise<void>;
}

/** Makes the world in a new temporary folder. On any trouble nothing is left behind. */
export async function makeDemoWorld(world: Surroundings): Promise<Result<DemoWorld>> {
  const regions = await readRegions();
  const simulator = await startSimulator({
    ...defaultOptions,
    fleets: [...new Set(regions.values())].map((region) => ({
      account: demoAccount,
      region,
      accessKeyIds: [demoAccessKeyId],
      devices: devicesPerFleet,
    })),
  });
  const made = await makeTemporaryDir('snowgate-demo-');
  if (!made.ok) {
    await simulator.close();
    return made;
  }
  const { dir, remove } = made.value;
  const close = async (): Promise<void> => {
    await simulator.close();
    await remove();
  };
  try {
    const filled = await fill(dir, regions, simulator, world);
    if (!filled.ok) await close();
    return filled.ok ? ok({ ...filled.value, simulator, close }) : filled;
  } catch (error) {
    await close();
    if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error;
    return failed(unfilled(dir, String(error.code)));
  }
}

/** A disk that is full, most often. */
function unfilled(dir: string, reason: string): Fault {
  return fault(
    'SG7008',
    'human',
    `the demo's folder ${dir} could not be filled: ${reason}`,
    'make room there, or name another place by TMPDIR',
  );
}

type Filled = Omit<DemoWorld, 'simulator' | 'close'>;

async function fill(
  dir: string,
  regions: ReadonlyMap<string, string>,
  simulator: Simulator,
  world: Surroundings,
): Promise<Result<Filled>> {
  const sourceDir = join(dir, 'source');
  const ledgerDir = join(dir, 'ledger.git');
  const configFile = join(dir, 'snowgate.yaml');
  const home = await prepareGitHome(join(dir, 'tools'), world.redactor);
  if (!home.ok) return home;
  const bare = await makeBareRepository(home.value, ledgerDir);
  if (!bare.ok) return bare;
  const ledgerId = randomUUID();
  const text = configText({ sourceDir, ledgerDir, ledgerId, dir, endpoint: simulator.endpoint, regions });
  await writeFile(configFile, text);
  const resolved = resolveConfig(Buffer.from(text), { hostName: 'demo', baseDir: dir });
  if (!resolved.ok)
    throw new BugError(`the demo's configuration is wrong: ${JSON.stringify(resolved.problems)}`);
  const made = await initLedger(
    resolved.config.ledger,
    {
      format: encodeFormat({ v: formatVersion, ledger: ledgerId }),
      message: `Begin ledger ${ledgerId}\n`,
      replica: resolved.config.replica,
      atMs: systemClock.wallMs(),
      segments: [],
    },
    { fetchTimeoutMs: 30_000, pushTimeoutMs: 30_000, redactor: world.redactor, signal: world.stop },
  );
  if (!made.ok) return made;
  // Last, so that the time until the window opens is left for whoever watches.
  const opensMs = await writeSource(sourceDir);
  const source = await makeWorkRepository(home.value, sourceDir, 'Ask for the first tasks');
  return source.ok ? ok({ dir, sourceDir, ledgerDir, configFile, config: resolved.config, opensMs }) : source;
}

/** Tasks and policies of the examples, and the calendar of their window with today's times; answers when it opens. */
async function writeSource(sourceDir: string): Promise<number> {
  for (const folder of ['tasks', 'policies'])
    await cp(join(examplesDir, 'demo', folder), join(sourceDir, folder), { recursive: true });
  const opensMs = Math.ceil((systemClock.wallMs() + openingDelayMs) / 1000) * 1000;
  await writeFile(join(sourceDir, 'policies', 'port-calls.ics'), calendarText(opensMs));
  return opensMs;
}

/** One port call. A calendar, because its times have seconds, where those of a window have minutes. */
function calendarText(opensMs: number): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//snowgate//demo//EN',
    'BEGIN:VEVENT',
    'UID:port-call-1@snowgate.example',
    `DTSTAMP:${calendarTime(opensMs)}`,
    `DTSTART:${calendarTime(opensMs)}`,
    `DTEND:${calendarTime(opensMs + openingMs)}`,
    'SUMMARY:port call',
    'END:VEVENT',
    'END:VCALENDAR',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

/** RFC 5545's form in UTC: `20261127T210000Z`. */
function calendarTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
}

/** The fleets of the examples' own configuration, with their regions. */
async function readRegions(): Promise<ReadonlyMap<string, string>> {
  const bytes = await readFile(join(examplesDir, 'snowgate.yaml'));
  const resolved = resolveConfig(bytes, { hostName: 'demo', baseDir: examplesDir });
  if (!resolved.ok) throw new BugError('examples/snowgate.yaml is not valid');
  return new Map([...resolved.config.fleets].map(([name, { region }]) => [name, region]));
}

interface ConfigParts {
  readonly sourceDir: string;
  readonly ledgerDir: string;
  readonly ledgerId: string;
  readonly dir: string;
  readonly endpoint: string;
  readonly regions: ReadonlyMap<string, string>;
}

/** JSON strings are YAML strings: no path can break out of one. */
function configText({ sourceDir, ledgerDir, ledgerId, dir, endpoint, regions }: ConfigParts): string {
  const fleets = [...regions].map(
    ([name, region]) => `  ${name}: {region: ${region}, endpoint: ${JSON.stringify(endpoint)}}\n`,
  );
  return `# Made by snowgate demo; gone when it ends.
apiVersion: snowgate/v1
kind: Controller
source:
  url: ${JSON.stringify(`file://${sourceDir}`)}
  schedule: "*/2 * * * * *"
ledger:
  url: ${JSON.stringify(`file://${ledgerDir}`)}
  id: ${ledgerId}
  pushesPerMinute: 60
stateDir: ${JSON.stringify(join(dir, 'state'))}
replica: demo
http:
  web: {listen: "127.0.0.1:0"}
  probes: {listen: "off"}
fleets:
${fleets.join('')}`;
}

/**
 * What the simulator takes for credentials, which proves no signature; shown to whoever looks at it from another terminal.
 * The secret is not a word that could stand in a log line: every secret is hidden wherever it occurs.
 */
export const demoCredentials = {
  AWS_ACCESS_KEY_ID: demoAccessKeyId,
  AWS_SECRET_ACCESS_KEY: 'made-up-for-the-snowgate-demo',
} as const;

/**
 * Sets them where the AWS client looks for credentials first. They replace whatever this process was started with: a demo
 * must not have a real key in its hands.
 */
export function takeDemoCredentials(env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(env)) if (/^AWS_/.test(name)) delete env[name];
  Object.assign(env, demoCredentials);
}
