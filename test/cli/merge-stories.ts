/** What people open pull requests for, one story each; the goldens tell what every format says of them. */
import { taskText } from './folder.ts';
import { baseFiles, devices, type Files, instant, nightPolicy, nights } from './merge-stage.ts';

export interface Story {
  readonly name: string;
  readonly files: Files;
  readonly exit: 0 | 1;
  /** `fleet/name change action`, in their order; `-` where nothing is decided. */
  readonly says: readonly string[];
  /** What the text must tell, beside the golden. */
  readonly tells: readonly RegExp[];
}

const night = (more: object = {}): string => taskText('night-unlock', { targets: [devices[2]], ...more });

export const stories: readonly Story[] = [
  {
    name: 'new-tasks',
    files: {
      'tasks/now.yaml': taskText('reboot-now', { command: 'reboot', targets: [devices[0]] }),
      'tasks/later.yaml': taskText('night-reboot', { command: 'reboot', targets: [devices[2]] }),
      'tasks/timed.yaml': taskText('reboot-timed', {
        command: 'reboot',
        targets: [devices[0]],
        notBefore: instant(3),
      }),
    },
    exit: 0,
    says: ['lab/night-reboot added hold', 'lab/reboot-now added issue', 'lab/reboot-timed added hold'],
    tells: [
      /reboot-now asks AWS to reboot smd-iq2pogbjsf2jpc2j at the first pass after the merge/,
      /window night \(at-night\/window\) is open at DAY\+0T20:00:00Z, until DAY\+1T04:00:00Z/,
    ],
  },
  {
    name: 'edits-that-aws-does-not-see',
    files: {
      'tasks/done.yaml': `# Reformatted\n${taskText('unlock-done', { targets: [devices[0]], description: 'Unlock', notAfter: instant(72) })}`,
      'tasks/night.yaml': night({ notAfter: instant(30) }),
      'tasks/queued.yaml': null,
      'tasks/deep/queued.yaml': baseFiles['tasks/queued.yaml'],
    },
    exit: 0,
    says: ['lab/unlock-done edited done', 'lab/reboot-queued moved done', 'lab/night-unlock edited hold'],
    tells: [/issued on DAY-1 as st-2, ended: succeeded/, /moved from tasks\/queued.yaml/],
  },
  {
    name: 'asked-again-by-run',
    files: {
      'tasks/done.yaml': taskText('unlock-done', { targets: [devices[0]], description: 'Unlock', run: 2 }),
    },
    exit: 0,
    says: ['lab/unlock-done repeated issue'],
    tells: [/run 2: the same is asked for again/],
  },
  {
    name: 'held-by-the-repeat-guard',
    files: {
      'tasks/done.yaml': taskText('unlock-done', { targets: [devices[0]], description: 'Unlock it' }),
      'tasks/queued.yaml': taskText('reboot-queued', {
        command: 'reboot',
        targets: [devices[1]],
        description: 'Now with a description',
      }),
    },
    exit: 0,
    says: ['lab/reboot-queued revised wait', 'lab/unlock-done revised hold'],
    tells: [/warning SG6105: lab\/unlock-done: would repeat/, /after that it is held: would repeat reboot/],
  },
  {
    name: 'renames',
    files: {
      'tasks/done.yaml': taskText('unlock-renamed', { targets: [devices[0]], description: 'Unlock' }),
      'tasks/unseen.yaml': taskText('unlock-unseen-too', { targets: [devices[3]] }),
    },
    exit: 0,
    says: [
      'lab/unlock-renamed renamed issue',
      'lab/unlock-unseen-too renamed issue',
      'lab/unlock-done removed -',
      'lab/unlock-unseen removed withdraw',
    ],
    tells: [/SG7072: lab\/unlock-renamed/, /renamed from lab\/unlock-unseen, which was never asked for/],
  },
  {
    name: 'removals',
    files: { 'tasks/done.yaml': null, 'tasks/queued.yaml': null, 'tasks/unseen.yaml': null },
    exit: 0,
    says: [
      'lab/reboot-queued removed cancel',
      'lab/unlock-done removed -',
      'lab/unlock-unseen removed withdraw',
    ],
    tells: [
      /reboot-queued is removed: issued as st-\d; .*what is still queued is cancelled/,
      /unlock-done is removed: nothing to cancel/,
    ],
  },
  {
    name: 'no-opening',
    files: { 'tasks/night.yaml': night({ notAfter: instant(4) }) },
    exit: 0,
    says: ['lab/night-unlock edited hold'],
    tells: [/warning SG1412/, /SG6305/],
  },
  {
    name: 'windows-and-policies',
    files: {
      'policies/night.yaml': nights(10, 18),
      'policies/stop.yaml': `apiVersion: snowgate/v1
kind: Suspension
metadata: {name: storm}
spec: {fleet: lab, reason: A storm, until: "${instant(40)}"}
`,
      'policies/tickets.yaml': `apiVersion: snowgate/v1
kind: Policy
metadata: {name: tickets}
spec:
  match: {names: ["unlock-*"]}
  rules:
    - {name: ticket, require: '"change" in task.annotations', otherwise: deny}
`,
    },
    exit: 0,
    says: ['lab/night-unlock judged hold', 'lab/unlock-unseen judged deny'],
    tells: [/window night changes/, /suspension storm is added/, /policy tickets is added/],
  },
  {
    name: 'denied',
    files: {
      'policies/at-night.yaml': nightPolicy.replace('window: night}', 'window: night, otherwise: deny}'),
      'tasks/late.yaml': taskText('unlock-late', { targets: [devices[3]], notAfter: '2026-01-01T00:00:00Z' }),
    },
    exit: 1,
    says: ['lab/night-unlock judged deny', 'lab/unlock-late added deny'],
    tells: [/tasks\/late.yaml:1:1: error SG6102/],
  },
  {
    name: 'broken-files',
    files: {
      'tasks/night.yaml': night().replace('command: "unlock"', 'command: "unlok"'),
      'tasks/twin.yaml': baseFiles['tasks/unseen.yaml'],
      'tasks/tabs.yaml': 'kind: Task\n\tname: x\n',
      'policies/odd.yaml': 'apiVersion: snowgate/v1\nkind: Windo\nmetadata: {name: odd}\n',
    },
    exit: 1,
    says: ['lab/night-unlock broken quarantined', 'lab/unlock-unseen broken quarantined'],
    tells: [/did you mean unlock/, /unlock-unseen is also named at/],
  },
  {
    name: 'removed-beside-what-may-hold-it',
    files: { 'tasks/queued.yaml': null, 'tasks/up.YAML': taskText('up') },
    exit: 1,
    says: ['lab/reboot-queued broken quarantined'],
    tells: [
      /lab\/reboot-queued is gone, but tasks\/up\.YAML may hold it: nothing is asked for/,
      /^tasks\/up\.YAML:1:1: error SG6127: lab\/reboot-queued: is gone/m,
    ],
  },
  {
    name: 'everything-removed',
    files: Object.fromEntries(
      Object.keys(baseFiles)
        .filter((path) => path.startsWith('tasks/'))
        .map((path) => [path, null]),
    ),
    exit: 1,
    says: [
      'lab/night-unlock removed -',
      'lab/reboot-queued removed -',
      'lab/unlock-done removed -',
      'lab/unlock-unseen removed -',
    ],
    tells: [/error SG6202: the merge would halt everything/],
  },
  {
    name: 'facts-of-the-merge',
    files: {
      'policies/reviewed.yaml': `apiVersion: snowgate/v1
kind: Policy
metadata: {name: reviewed}
spec:
  match: {names: ["new-*"]}
  rules:
    - {name: reviewed, require: '"reviewed-by" in introduced.trailers'}
`,
      'tasks/new.yaml': taskText('new-unlock', { targets: [devices[0]] }),
    },
    exit: 0,
    says: ['lab/new-unlock added issue'],
    tells: [/checked before issuing: it reads introduced, which is not known here/],
  },
  {
    name: 'released',
    files: {
      'tasks/night.yaml': taskText('night-unlock', { targets: [devices[2]], notAfter: instant(72) }),
      'policies/at-night.yaml': nightPolicy.replace('night-*', 'day-*'),
      'policies/night.yaml': nights().replace('UTC', 'Marsport'),
    },
    exit: 1,
    says: ['lab/night-unlock edited issue'],
    tells: [
      /^1 asked for at once, /m,
      /night-unlock changes notAfter: nothing that AWS sees\n +without the merge: hold .*\n +asks AWS to unlock/,
      /"clientToken":"[0-9a-f]{64}","command":"unlock"/,
      /window night does not load any more/,
    ],
  },
  {
    name: 'a-row-on-one-device',
    files: Object.fromEntries(
      ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => [
        `tasks/row-${name}.yaml`,
        taskText(`row-${name}`, { command: 'reboot', targets: [devices[0]] }),
      ]),
    ),
    exit: 0,
    says: ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => `lab/row-${name} added issue`),
    tells: [/one task at a time on a device: after lab\/row-c, lab\/row-d, lab\/row-e and 2 more/],
  },
  {
    name: 'nothing-changes',
    files: { 'README.md': 'Other words\n' },
    exit: 0,
    says: [],
    tells: [/no task changes; 4 tasks untouched/],
  },
];
