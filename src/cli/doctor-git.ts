import type { ControllerConfig, LedgerConfig, RemoteConfig, SourceConfig } from '../config/config.ts';
import type { CommitId } from '../controller/ports.ts';
import { findPinnedHost } from '../git/known-hosts.ts';
import { withTemporaryDir } from '../git/ledger-audit.ts';
import { examineLedger, type LedgerExamination } from '../git/ledger-examination.ts';
import { remoteScheme, showUrl } from '../git/remote.ts';
import { openSource } from '../git/source.ts';
import { decodeFormat } from '../ledger/codec.ts';
import { count } from '../lib/count.ts';
import { type Fault, fault, type Result } from '../lib/faults.ts';
import { collectDesired } from '../manifest/collect.ts';
import { broken, type Check, type CheckName, passed, skipped, warned } from './doctor-report.ts';
import { judgeLedgerId, pushTimeoutMs } from './ledger-reading.ts';
import { closeOnStop } from './stop.ts';
import type { Surroundings } from './surroundings.ts';

/** Whether the host of an ssh remote has a pinned key; nothing for another remote, or where the file cannot be read. */
export async function checkHostKey(
  remote: RemoteConfig,
  section: 'source' | 'ledger',
  isReadable: boolean,
): Promise<Check[]> {
  const { url, auth } = remote;
  if (auth.kind !== 'ssh' || remoteScheme(url) !== 'ssh') return [];
  const subject = `${section}.auth.knownHostsFile`;
  if (!isReadable) return [skipped('host key', subject, 'the files of auth cannot be used')];
  const found = await findPinnedHost(url, auth.knownHostsFile);
  if (!found.ok) return [broken('host key', subject, found.fault)];
  return [passed('host key', subject, `${found.value} is pinned; that the key is right, the server shows`)];
}

/** What is said of a remote that cannot be asked, because of what failed before. */
export function skipRemote(section: 'source' | 'ledger', config: ControllerConfig, why: string): Check[] {
  const { url, branch } = config[section];
  const [shown, { path }] = [showUrl(url), config.source];
  const unasked: [CheckName, string][] =
    section === 'source'
      ? [
          ['source', shown],
          ['branch', branch],
          ['manifests', path],
        ]
      : [
          ['ledger', shown],
          ['append-only', branch],
          ['format', branch],
          ['id', branch],
          ['push', branch],
        ];
  return unasked.map(([name, subject]) => skipped(name, subject, why));
}

/** Fetches and reads the source, in a folder that is thrown away. */
export async function checkSource(controller: ControllerConfig, world: Surroundings): Promise<Check[]> {
  const answer = await withTemporaryDir('snowgate-doctor-', (dir) => readSource(controller, dir, world));
  return answer.ok ? answer.value : failSource(controller.source, answer.fault);
}

async function readSource(
  { source: config, policy }: ControllerConfig,
  stateDir: string,
  world: Surroundings,
): Promise<Check[]> {
  const source = await openSource(config, { stateDir, redactor: world.redactor });
  if (!source.ok) return failSource(config, source.fault);
  closeOnStop(world.stop, source.value);
  try {
    const fetched = await source.value.fetch();
    if (!fetched.ok) return failSource(config, fetched.fault);
    const url = showUrl(config.url);
    const { head } = fetched.value;
    const tree = await source.value.read(head);
    const absent = await source.value.findAbsent(head);
    const found = [
      passed('source', url, 'reached'),
      passed('branch', config.branch, `at ${head.slice(0, 12)}`),
    ];
    if (!tree.ok) return [...found, broken('manifests', config.path, tree.fault)];
    const isAbsent = absent.ok ? absent.value : { manifests: false, policies: false };
    found.push(
      isAbsent.manifests
        ? warned('manifests', config.path, absentFolder('source.path', config.path, head))
        : judgeManifests(config.path, collectDesired(tree.value.files)),
    );
    // Where no policy is needed, none need be there.
    if (isAbsent.policies && policy.uncovered === 'hold') {
      const path = config.policies ?? '';
      found.push(warned('policies', path, absentFolder('source.policies', path, head)));
    }
    return found;
  } finally {
    await source.value.close();
  }
}

function failSource(config: SourceConfig, trouble: Fault): Check[] {
  const url = showUrl(config.url);
  const manifests = skipped('manifests', config.path, 'the branch could not be read');
  if (trouble.code === 'SG3005') {
    return [passed('source', url, 'reached'), broken('branch', config.branch, trouble), manifests];
  }
  return [
    broken('source', url, trouble),
    skipped('branch', config.branch, 'the source was not reached'),
    manifests,
  ];
}

/** What is not there is read as a folder that holds nothing. */
function absentFolder(setting: string, path: string, head: CommitId): Fault {
  const what = setting === 'source.path' ? 'no task is read' : 'every task is held';
  const message = `there is no folder ${path} at ${head.slice(0, 12)}: ${what}`;
  return fault('SG3031', 'human', message, `correct ${setting}, or commit the folder`);
}

function judgeManifests(path: string, desired: ReturnType<typeof collectDesired>): Check {
  const { tasks, problems } = desired;
  const valid = count(tasks.size, 'valid task');
  const errors = problems.filter(({ severity }) => severity === 'error');
  const [first] = errors.length > 0 ? errors : problems;
  if (first === undefined) return passed('manifests', path, `${valid}, no problems`);
  const { place, code, message } = first;
  const warnings = problems.length - errors.length;
  const found = `${count(errors.length, 'error')}, ${count(warnings, 'warning')}`;
  const text = `${valid}, ${found}; the first: ${place.path}:${place.line}:${place.column}: ${message}`;
  const told = fault(
    code,
    'human',
    text,
    '`snowgate validate` in a clone, or `snowgate plan`, names each one',
  );
  return errors.length > 0 ? broken('manifests', path, told) : warned('manifests', path, told);
}

/** Looks at the ledger branch, and asks to be let in to push without pushing anything. */
export async function checkLedger(config: ControllerConfig, world: Surroundings): Promise<Check[]> {
  const found = await examineLedger(config.ledger, {
    stateDir: config.stateDir,
    fetchTimeoutMs: config.source.limits.fetchTimeoutMs,
    pushTimeoutMs,
    redactor: world.redactor,
    signal: world.stop,
  });
  const { ledger } = config;
  const url = showUrl(ledger.url);
  const { branch, push } = found;
  const reached = branch.ok
    ? passed('ledger', url, `${ledger.branch} is at ${branch.value.slice(0, 12)}`)
    : broken('ledger', url, branch.fault);
  return [
    reached,
    judgeHistory(ledger.branch, found),
    ...judgeFormat(ledger, found),
    tell(
      'push',
      ledger.branch,
      push,
      'let in to push; hooks, branch protection and quotas are asked by real pushes only',
    ),
  ];
}

function judgeHistory(branch: string, { chain, grown }: LedgerExamination): Check {
  if (chain?.ok !== true || grown === null) return tell('append-only', branch, chain, '');
  if (!grown.ok) return broken('append-only', branch, grown.fault);
  const since = grown.value === null ? '' : `; it holds what was known here, ${grown.value.slice(0, 12)}`;
  return passed('append-only', branch, `${count(chain.value, 'commit')}, each adds one file${since}`);
}

function judgeFormat(config: LedgerConfig, { format }: LedgerExamination): Check[] {
  if (format?.ok !== true) {
    return [tell('format', config.branch, format, ''), skipped('id', config.branch, 'FORMAT was not read')];
  }
  const decoded = decodeFormat(format.value);
  if (!decoded.ok)
    return [
      broken('format', config.branch, decoded.fault),
      skipped('id', config.branch, 'FORMAT was not read'),
    ];
  const { v, ledger } = decoded.value;
  const other = judgeLedgerId(config, ledger);
  const pinned = config.id === undefined ? 'not pinned by ledger.id' : 'as ledger.id pins it';
  return [
    passed('format', config.branch, `version ${v}`),
    other === null ? passed('id', config.branch, `${ledger}, ${pinned}`) : broken('id', config.branch, other),
  ];
}

function tell(name: CheckName, subject: string, answer: Result<unknown> | null, good: string): Check {
  if (answer === null) return skipped(name, subject, 'the ledger branch was not read');
  return answer.ok ? passed(name, subject, good) : broken(name, subject, answer.fault);
}
