import type { ControllerConfig } from '../config/config.ts';
import { readGitVersion } from '../git/version.ts';
import { count } from '../lib/count.ts';
import { fault } from '../lib/faults.ts';
import type { PlacedProblem } from '../manifest/collect.ts';
import { readConfig } from './config-file.ts';
import { noConfig } from './configuration.ts';
import { checkSecrets, checkStateDir } from './doctor-files.ts';
import { checkFleets } from './doctor-fleets.ts';
import { checkHostKey, checkLedger, checkSource, skipRemote } from './doctor-git.ts';
import { broken, type Check, DoctorReport, interrupted, passed, skipped, warned } from './doctor-report.ts';
import { checkServedSecrets } from './doctor-secrets.ts';
import type { ExitCode } from './exit-codes.ts';
import { defaultConfigPath, type Format } from './options.ts';
import type { Surroundings } from './surroundings.ts';

export interface DoctorOptions {
  readonly config?: string;
  readonly format: Format;
}

/**
 * Looks at everything that the controller will need, in the order in which a person would repair it, and changes nothing.
 * What fails hides nothing that does not depend on it. Exit 2 where the configuration is wrong, 1 where a person has to
 * mend something, 3 where something was only out of reach.
 */
export async function doctor(options: DoctorOptions, world: Surroundings): Promise<ExitCode> {
  const report = new DoctorReport(options.format, world);
  const { config, checks } = await checkConfiguration(options.config, world);
  report.add(checks);
  if (config === null) {
    const why = 'there is no configuration to say which';
    for (const name of ['state directory', 'source', 'ledger', 'credentials'] as const) {
      report.add([skipped(name, 'all', why)]);
    }
    return report.finish();
  }
  report.add([await checkStateDir(config)]);
  const secrets = {
    source: await checkSecrets(config.source, 'source', world),
    ledger: await checkSecrets(config.ledger, 'ledger', world),
  };
  const { policySource } = config;
  const others = policySource === undefined ? [] : await checkSecrets(policySource, 'policySource', world);
  report.add([...secrets.source, ...others, ...secrets.ledger, ...(await checkServedSecrets(config, world))]);
  const git = await readGitVersion();
  report.add([git.ok ? passed('git', 'git', git.value) : broken('git', 'git', git.fault)]);
  for (const section of ['source', 'ledger'] as const) {
    const remote = config[section];
    const readable = !secrets[section].some(isBroken);
    const hostKey = await checkHostKey(remote, section, readable);
    report.add(hostKey);
    const blocked = world.stop.aborted
      ? interrupted
      : findBlock(!git.ok && git.fault.code === 'SG3001', !readable, hostKey.some(isBroken));
    report.add(
      blocked === null ? await askRemote(section, config, world) : skipRemote(section, config, blocked),
    );
  }
  await checkFleets(config, world, (found) => report.add(found));
  return report.finish();
}

function isBroken({ result }: Check): boolean {
  return result === 'fail';
}

/** Why a remote need not be asked: each attempt would only say the same again. */
function findBlock(noGit: boolean, noSecret: boolean, noHostKey: boolean): string | null {
  if (noGit) return 'git cannot be started';
  if (noSecret) return 'the files of auth cannot be used';
  return noHostKey ? 'the host key is not pinned' : null;
}

function askRemote(section: 'source' | 'ledger', config: ControllerConfig, world: Surroundings) {
  return section === 'source' ? checkSource(config, world) : checkLedger(config, world);
}

async function checkConfiguration(
  named: string | undefined,
  world: Surroundings,
): Promise<{ readonly config: ControllerConfig | null; readonly checks: readonly Check[] }> {
  const path = named ?? defaultConfigPath;
  const read = await readConfig(path, world);
  if (!read.ok) {
    const reason = named === undefined ? noConfig(read.fault) : read.fault;
    return { config: null, checks: [broken('configuration', path, reason)] };
  }
  const { config, problems } = read.value;
  const told = problems.map(tellProblem);
  if (config === null) return { config, checks: told };
  const fleets = count(config.fleets.size, 'fleet');
  return { config, checks: [passed('configuration', path, `valid, ${fleets}`), ...told] };
}

function tellProblem({ place, severity, code, message, hint }: PlacedProblem): Check {
  const { path, line, column } = place;
  const where = `${path}:${line}:${column}`;
  const told = fault(code, 'human', message, hint);
  return severity === 'error' ? broken('configuration', where, told) : warned('configuration', where, told);
}
