/** The examples of examples/deploy/ and what docs/DEPLOY.md says of them are held to the code, the image and each other. */
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { resolveConfig } from '../src/config/resolve.ts';
import {
  configurationOf,
  dockerfile,
  example,
  list,
  portsOf,
  read,
  secondsOf,
  secretsOf,
  shutdownSeconds,
} from './deploy/examples.ts';
import { blocksOf } from './docs/page.ts';

const files = list('examples/deploy').filter((path) => /\.\w+$/.test(path));
const page = read('docs/DEPLOY.md');

/** What is wrong with a configuration; a ledger that is not there yet cannot be named. */
function problemsOf(text: string): string[] {
  const resolved = resolveConfig(Buffer.from(text), { hostName: 'snowgate-1', baseDir: '/etc/snowgate' });
  const told = resolved.ok ? resolved.warnings : resolved.problems;
  return told.map(({ code, message }) => `${code} ${message}`).filter((line) => !line.startsWith('SG2017'));
}

describe('examples/deploy', () => {
  it.each(files.filter((path) => path.endsWith('.yaml')))('holds YAML: %s', (path) => {
    const documents = parseAllDocuments(example(path), { strict: true, uniqueKeys: true });
    expect(documents.length).toBeGreaterThan(0);
    for (const { errors, warnings } of documents) expect([...errors, ...warnings]).toEqual([]);
  });

  it('is told in docs/DEPLOY.md, file by file', () => {
    expect(files.length).toBeGreaterThan(14);
    const rows = [...page.matchAll(/^\| `examples\/deploy\/([^`]+)` \|/gm)].map(([, path]) => path);
    expect(rows.sort()).toEqual(files);
  });

  it('has a page whose own YAML can be read', () => {
    const blocks = blocksOf(page).filter(({ language }) => language === 'yaml');
    expect(blocks.length).toBeGreaterThan(0);
    for (const { text } of blocks) expect(() => parse(text)).not.toThrow();
  });
});

describe('the configurations', () => {
  const moved = example('snowgate.yaml')
    .replaceAll('/run/secrets/', '/run/credentials/snowgate.service/')
    .replaceAll('0.0.0.0', '127.0.0.1');

  it.each([
    ['for Compose', example('snowgate.yaml')],
    ['for Kubernetes', example('kubernetes/snowgate.yaml')],
    ['for systemd', moved],
  ])('are taken by the controller: %s', (_name, text) => {
    expect(problemsOf(text)).toEqual([]);
    const configuration = configurationOf(text);
    expect(configuration.stateDir).toBe('/var/lib/snowgate');
    expect(new Set(portsOf(configuration)).size).toBe(3);
    expect(secretsOf(configuration)).toHaveLength(4);
  });

  it('for systemd is made as the page says', () => {
    const [, command = ''] = /^sed '(.*)' snowgate\.yaml /m.exec(page) ?? [];
    expect(command).toBe(
      String.raw`s#/run/secrets/#/run/credentials/snowgate.service/#g; s/0\.0\.0\.0/127.0.0.1/g`,
    );
  });

  describe('snowgate.service', () => {
    const unit = new Map<string, string[]>();
    for (const [, key = '', value = ''] of example('snowgate.service').matchAll(/^(\w+)=(.*)$/gm))
      unit.set(key, [...(unit.get(key) ?? []), value]);

    it('loads what the configuration and the environment name, and nothing else', () => {
      const loaded = (unit.get('LoadCredential') ?? []).map((one) => one.split(':')[0]);
      const [variable, aws] = unit.get('Environment')?.join().split('=') ?? [];
      expect(variable).toBe('AWS_SHARED_CREDENTIALS_FILE');
      const named = [...secretsOf(configurationOf(moved)), aws ?? ''];
      expect(loaded.map((name) => `/run/credentials/snowgate.service/${name}`).sort()).toEqual(named.sort());
    });

    it('is confined, but for what V8 and the network need', () => {
      const of = (key: string): string | undefined => unit.get(key)?.join(' ');
      for (const key of [
        ...['NoNewPrivileges', 'ProtectHome', 'PrivateTmp', 'PrivateDevices', 'PrivateUsers', 'PrivateIPC'],
        ...['ProtectClock', 'ProtectControlGroups', 'ProtectHostname', 'ProtectKernelLogs', 'RemoveIPC'],
        ...['ProtectKernelModules', 'ProtectKernelTunables', 'LockPersonality', 'RestrictNamespaces'],
        ...['RestrictRealtime', 'RestrictSUIDSGID'],
      ])
        expect(`${key}=${of(key)}`).toBe(`${key}=yes`);
      expect(of('CapabilityBoundingSet')).toBe('');
      expect(of('AmbientCapabilities')).toBe('');
      expect(of('ProtectSystem')).toBe('strict');
      expect(of('RestrictAddressFamilies')).toBe('AF_UNIX AF_INET AF_INET6');
      expect(of('SystemCallFilter')).toBe('@system-service ~@privileged @resources');
      expect(of('SystemCallArchitectures')).toBe('native');
      expect(of('MemoryDenyWriteExecute')).toBe('no');
      expect(of('UMask')).toBe('0077');
      expect(of('User')).toBe('snowgate');
    });

    it('keeps the state, and ends late enough', () => {
      const configuration = configurationOf(moved);
      expect(`/var/lib/${unit.get('StateDirectory')?.join()}`).toBe(configuration.stateDir);
      expect(unit.get('ExecStart')?.join()).toMatch(
        /\/snowgate run --config \/etc\/snowgate\/snowgate\.yaml$/,
      );
      expect(secondsOf(unit.get('TimeoutStopSec')?.join() ?? '')).toBeGreaterThan(
        shutdownSeconds(configuration),
      );
      expect(unit.get('KillMode')).toEqual(['mixed']);
      expect(unit.get('Restart')).toEqual(['on-failure']);
      expect(unit.get('RestartPreventExitStatus')).toEqual(['2']);
    });
  });
});

describe('compose.yaml', () => {
  interface Mount {
    readonly type: string;
    readonly source: string;
    readonly target: string;
    readonly read_only?: boolean;
  }
  interface Service extends Readonly<Record<string, unknown>> {
    readonly volumes: Mount[];
    readonly ports: string[];
    readonly stop_grace_period: string;
  }
  const compose = parse(example('compose.yaml')) as { services: Record<string, Service>; volumes: object };
  const service = compose.services.snowgate ?? { volumes: [], ports: [], stop_grace_period: '' };
  const configuration = configurationOf(example('snowgate.yaml'));

  it('runs the image with no more rights than it needs', () => {
    const [, user] = /^USER (\S+)$/m.exec(dockerfile) ?? [];
    expect(Object.keys(compose.services)).toEqual(['snowgate']);
    expect(service).toMatchObject({
      user,
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      // It is on no registry.
      pull_policy: 'never',
      restart: 'unless-stopped',
      mem_limit: '1g',
    });
    for (const key of ['privileged', 'cap_add', 'network_mode', 'pid', 'healthcheck', 'env_file', 'secrets'])
      expect(service).not.toHaveProperty(key);
  });

  it('mounts what the image and the configuration name, and only the state to be written to', () => {
    const mounts = service.volumes.map(({ type, source, target, read_only = false }) => [
      type,
      source,
      target,
      read_only,
    ]);
    expect(mounts).toEqual([
      ['bind', './snowgate.yaml', '/etc/snowgate/snowgate.yaml', true],
      ['bind', './secrets', '/run/secrets', true],
      ['volume', 'state', configuration.stateDir, false],
    ]);
    expect(compose.volumes).toHaveProperty('state');
    expect(dockerfile).toContain(`VOLUME ${configuration.stateDir}\n`);
    expect(dockerfile).toContain('"--config", "/etc/snowgate/snowgate.yaml"');
    expect(dockerfile).toMatch(/^HEALTHCHECK .*\n.*'\/var\/lib\/snowgate\/'/m);
    const secrets = [
      ...secretsOf(configuration),
      ...Object.values(service.environment as Record<string, string>),
    ];
    for (const path of secrets) expect(path).toMatch(/^\/run\/secrets\/[\w-]+$/);
  });

  it('publishes the listeners on loopback alone, and ends late enough', () => {
    expect(service.ports).toEqual(portsOf(configuration).map((port) => `127.0.0.1:${port}:${port}`));
    expect(secondsOf(service.stop_grace_period)).toBeGreaterThan(shutdownSeconds(configuration));
  });
});

describe('iam/', () => {
  interface Statement {
    readonly Effect: string;
    readonly Action: string | string[];
    readonly Resource?: string;
    readonly Principal?: unknown;
    readonly Condition?: unknown;
  }
  const statementsIn = (text: string): Statement[] =>
    (JSON.parse(text) as { Statement: Statement[] }).Statement;
  const statementsOf = (name: string): Statement[] => statementsIn(example(`iam/${name}-policy.json`));
  const actionsOf = (statements: readonly Statement[]): string[] =>
    statements.flatMap(({ Action }) => Action).sort();
  const statements = statementsOf('snowgate');
  const service = 'snow-device-management';
  const fleets = ['snowgate.yaml', 'kubernetes/snowgate.yaml'].flatMap((path) =>
    Object.values(configurationOf(example(path)).fleets),
  );

  /** The operations of AWS that the source calls. */
  function findCalls(): string[] {
    const texts = list('src')
      .filter((path) => path.endsWith('.ts'))
      .map((path) => read(`src/${path}`));
    const calls = texts.flatMap((text) => [...text.matchAll(/new (?:\w+\.)?(\w+)Command\(/g)]);
    return [...new Set(calls.map(([, name = '']) => name))];
  }

  it('allows what the code calls, the tags of a task, and nothing else', () => {
    const calls = findCalls().filter((name) => name !== 'GetCallerIdentity');
    expect(calls.length).toBeGreaterThan(7);
    const expected = [...calls, 'TagResource'].map((name) => `${service}:${name}`).sort();
    expect(actionsOf(statements)).toEqual(expected);
    for (const { Effect } of statements) expect(Effect).toBe('Allow');
  });

  it('is what docs/AWS.md shows', () => {
    const [shown] = blocksOf(read('docs/AWS.md')).filter(({ language }) => language === 'json');
    expect(actionsOf(statementsIn(shown?.text ?? ''))).toEqual(actionsOf(statements));
  });

  it("binds each action as far as AWS's Service Authorization Reference knows resources for it", () => {
    const [fleet] = fleets;
    const within = `arn:aws:${service}:${fleet?.region}:${fleet?.account}`;
    const bound = statements.flatMap(({ Action, Resource, Condition }) =>
      [Action].flat().map((action) => [action.split(':')[1] ?? '', [Resource, Condition]] as const),
    );
    const region = { StringEquals: { 'aws:RequestedRegion': fleet?.region } };
    const everywhere = ['*', region];
    expect(Object.fromEntries(bound)).toEqual({
      CreateTask: everywhere,
      ListTasks: everywhere,
      ListDevices: everywhere,
      ListExecutions: everywhere,
      DescribeExecution: everywhere,
      TagResource: [`${within}:task/*`, undefined],
      CancelTask: [`${within}:task/*`, undefined],
      DescribeTask: [`${within}:task/*`, undefined],
      DescribeDevice: [`${within}:managed-device/*`, undefined],
    });
  });

  it('has a role that only the controller assumes, with the external id that it gives', () => {
    expect(fleets).toHaveLength(2);
    const [trust, ...others] = statementsIn(example('iam/trust-policy.json'));
    expect(others).toEqual([]);
    for (const { roleArn, externalId, account } of fleets) {
      expect(roleArn).toContain(`:${account}:`);
      expect(statementsOf('assume')).toEqual([
        { Sid: 'RolesOfTheFleets', Effect: 'Allow', Action: 'sts:AssumeRole', Resource: roleArn },
      ]);
      expect(trust).toEqual({
        Sid: 'OnlyTheController',
        Effect: 'Allow',
        Principal: { AWS: expect.stringMatching(/^arn:aws:iam::\d{12}:role\/[\w-]+$/) },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': externalId } },
      });
    }
  });
});
