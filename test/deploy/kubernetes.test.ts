/** The manifests of examples/deploy/kubernetes/: a pod of the restricted standard, and ports, paths and secrets that agree. */
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import {
  configurationOf,
  dockerfile,
  example,
  list,
  portsOf,
  secretsOf,
  shutdownSeconds,
} from './examples.ts';

describe('kubernetes/', () => {
  interface Manifest {
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
    readonly stringData?: Readonly<Record<string, string>>;
    readonly spec: Readonly<Record<string, unknown>>;
  }
  const manifestsOf = (path: string): Manifest[] =>
    parseAllDocuments(example(`kubernetes/${path}`)).map((document) => document.toJS() as Manifest);
  const kustomization = parse(example('kubernetes/kustomization.yaml')) as {
    readonly resources: string[];
    readonly configMapGenerator: { readonly name: string; readonly files: string[] }[];
    readonly images: { readonly name: string; readonly digest: string }[];
  };
  const applied = kustomization.resources.flatMap(manifestsOf);
  const of = (kind: string, name: string): Manifest => {
    const found = applied.filter((one) => one.kind === kind && one.metadata.name === name);
    expect(found, `${kind} ${name}`).toHaveLength(1);
    return found[0] as Manifest;
  };
  const configuration = configurationOf(example('kubernetes/snowgate.yaml'));
  const [web = 0, hooks = 0, probes = 0] = portsOf(configuration);

  it('applies every file but those that say why not', () => {
    const left = ['kustomization.yaml', 'secret.example.yaml', 'servicemonitor.yaml', 'snowgate.yaml'];
    expect([...kustomization.resources, ...left].sort()).toEqual(list('examples/deploy/kubernetes'));
    expect(kustomization.configMapGenerator).toEqual([{ name: 'snowgate', files: ['snowgate.yaml'] }]);
    expect(kustomization.images[0]?.digest).toMatch(/^sha256:0{64}$/);
  });

  it('enforces the restricted standard', () => {
    const labels = of('Namespace', 'snowgate').metadata.labels;
    for (const mode of ['enforce', 'audit', 'warn'])
      expect(labels?.[`pod-security.kubernetes.io/${mode}`]).toBe('restricted');
    expect(of('ServiceAccount', 'snowgate')).toMatchObject({ automountServiceAccountToken: false });
  });

  interface Named {
    readonly name: string;
  }
  interface Container extends Named, Readonly<Record<string, unknown>> {
    readonly image: string;
    readonly ports: (Named & { readonly containerPort: number; readonly hostPort?: number })[];
    readonly volumeMounts: (Named & { readonly mountPath: string; readonly readOnly?: boolean })[];
  }
  interface PodSpec extends Readonly<Record<string, unknown>> {
    readonly containers: Container[];
    readonly volumes: (Named & Readonly<Record<string, unknown>>)[];
    readonly terminationGracePeriodSeconds: number;
  }
  const deployment = of('Deployment', 'snowgate').spec as {
    readonly replicas: number;
    readonly strategy: unknown;
    readonly template: { readonly metadata: { readonly labels: unknown }; readonly spec: PodSpec };
    readonly selector: { readonly matchLabels: unknown };
  };
  const pod = deployment.template.spec;
  const container = pod.containers[0] as Container;

  it('has one pod at a time, which has ended before the next one begins', () => {
    expect(deployment).toMatchObject({ replicas: 1, strategy: { type: 'Recreate' } });
    expect(deployment.selector.matchLabels).toEqual(deployment.template.metadata.labels);
    expect(pod.containers).toHaveLength(1);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(shutdownSeconds(configuration));
    expect(container.image).toBe(kustomization.images[0]?.name);
    expect(container).not.toHaveProperty('command');
    expect(container).not.toHaveProperty('args');
  });

  it('has a pod of the restricted standard, with read-only files', () => {
    const [, user = '', group = ''] = /^USER (\d+):(\d+)$/m.exec(dockerfile) ?? [];
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: Number(user),
        runAsGroup: Number(group),
        fsGroup: Number(group),
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    for (const key of ['hostNetwork', 'hostPID', 'hostIPC', 'initContainers', 'ephemeralContainers'])
      expect(pod).not.toHaveProperty(key);
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const kinds = pod.volumes.flatMap(({ name: _name, ...kind }) => Object.keys(kind));
    expect(kinds).toEqual(['configMap', 'projected', 'persistentVolumeClaim', 'emptyDir']);
    for (const port of container.ports) expect(port).not.toHaveProperty('hostPort');
    expect(container.resources).toMatchObject({ limits: { memory: '1Gi' } });
  });

  it('mounts what the image and the configuration name, and only state and /tmp to be written to', () => {
    const mounts = container.volumeMounts.map(({ name, mountPath, readOnly = false }) => [
      name,
      mountPath,
      readOnly,
    ]);
    expect(mounts).toEqual([
      ['config', '/etc/snowgate', true],
      ['secrets', '/run/secrets/snowgate', true],
      ['state', configuration.stateDir, false],
      ['tmp', '/tmp', false],
    ]);
    expect(pod.volumes.map(({ name }) => name)).toEqual(mounts.map(([name]) => name));
    expect(pod.volumes[0]).toMatchObject({ configMap: { name: kustomization.configMapGenerator[0]?.name } });
    const { claimName } = (pod.volumes[2]?.persistentVolumeClaim ?? {}) as { claimName: string };
    expect(of('PersistentVolumeClaim', claimName).spec).toMatchObject({ accessModes: ['ReadWriteOnce'] });
  });

  it('has a key in a Secret for each file that is named, and none besides; each only a placeholder', () => {
    const secrets = manifestsOf('secret.example.yaml');
    const mounted = secrets.map(({ metadata: { name } }) => ({ secret: { name } }));
    expect(pod.volumes[1]).toMatchObject({ projected: { defaultMode: 0o440, sources: mounted } });
    const keys = secrets.flatMap(({ stringData = {} }) => Object.keys(stringData));
    const [aws] = container.env as { readonly name: string; readonly value: string }[];
    const named = [...secretsOf(configuration), aws?.value ?? ''];
    expect(keys.map((key) => `/run/secrets/snowgate/${key}`).sort()).toEqual(named.sort());
    for (const value of secrets.flatMap(({ stringData = {} }) => Object.values(stringData)))
      expect(value).toMatch(/^REPLACE$|^\[default\](?:\naws_\w+ = REPLACE)+\n$/);
  });

  it('asks and reaches the listeners of the configuration', () => {
    expect(container.ports).toEqual([
      { name: 'web', containerPort: web },
      { name: 'hooks', containerPort: hooks },
      { name: 'probes', containerPort: probes },
    ]);
    for (const { listen } of [configuration.http.web, configuration.http.hooks, configuration.http.probes])
      expect(listen).toMatch(/^0\.0\.0\.0:/);
    const asks = (path: string) => ({ httpGet: { path, port: 'probes' } });
    expect(container.startupProbe).toMatchObject(asks('/livez'));
    expect(container.livenessProbe).toMatchObject(asks('/livez'));
    expect(container.readinessProbe).toMatchObject(asks('/readyz'));
    for (const [name, port] of [['web', web] as const, ['hooks', hooks] as const])
      expect(of('Service', `snowgate-${name}`).spec).toEqual({
        publishNotReadyAddresses: true,
        selector: deployment.selector.matchLabels,
        ports: [{ name, port, targetPort: name }],
      });
  });

  it('lets in and out what is named, and nothing else', () => {
    expect(of('NetworkPolicy', 'default-deny').spec).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    });
    const namespace = (name: string) => [
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': name } } },
    ];
    const tcp = (port: number) => ({ protocol: 'TCP', port });
    expect(of('NetworkPolicy', 'snowgate').spec).toEqual({
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'snowgate' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [
        { from: namespace('ingress-nginx'), ports: [tcp(hooks)] },
        { from: namespace('monitoring'), ports: [tcp(web)] },
      ],
      egress: [
        { to: namespace('kube-system'), ports: [{ protocol: 'UDP', port: 53 }, tcp(53)] },
        { ports: [tcp(443), tcp(22)] },
      ],
    });
  });

  it('has metrics asked with the token that the web listener takes', () => {
    const [monitor] = manifestsOf('servicemonitor.yaml');
    const labels = of('Service', 'snowgate-web').metadata.labels;
    const { selector, endpoints } = (monitor?.spec ?? {}) as {
      readonly selector: { readonly matchLabels: Record<string, string> };
      readonly endpoints: unknown[];
    };
    expect(labels).toMatchObject(selector.matchLabels);
    expect(of('Service', 'snowgate-hooks').metadata.labels).not.toMatchObject(selector.matchLabels);
    const credentials = { name: 'snowgate-http', key: 'http-token' };
    expect(endpoints).toEqual([
      { port: 'web', path: '/metrics', interval: '30s', authorization: { type: 'Bearer', credentials } },
    ]);
    const held = manifestsOf('secret.example.yaml').find(
      ({ metadata }) => metadata.name === credentials.name,
    );
    expect(Object.keys(held?.stringData ?? {})).toEqual([credentials.key]);
    expect(configuration.http.auth.tokenFiles).toEqual([`/run/secrets/snowgate/${credentials.key}`]);
  });
});
