/**
 * What editors offer to write at once. Each is tried: what comes out, taken as it is, is a document, or a part of one,
 * without a problem.
 */
export interface Snippet {
  readonly label: string;
  readonly description: string;
  readonly body: unknown;
}

/** By the path of the property that they are offered for; the whole document has the empty path. */
export type Snippets = Readonly<Record<string, readonly Snippet[]>>;

const apiVersion = 'snowgate/v1';

/** A place that the cursor goes to, with what stands there until something else is written. */
function at(place: number, text: string): string {
  return `\${${place}:${text}}`;
}

/** A place that offers a choice; the first of them stands there. */
function pick(place: number, values: readonly string[]): string {
  return `\${${place}|${values.join(',')}|}`;
}

/** The same for a text that is quoted, because it has quotes in it, or would be a number. */
function quotedAt(place: number, text: string, quote: "'" | '"' = "'"): string {
  return `${quote}${at(place, text)}${quote}`;
}

function document(kind: string, name: string, spec: object): object {
  return { apiVersion, kind, metadata: { name: at(1, name) }, spec };
}

const request = {
  fleet: at(2, 'north-sea'),
  command: pick(3, ['unlock', 'reboot']),
  targets: [at(4, 'smd-fictbgr3rbcjeqa5')],
  description: at(5, 'Unlock after customs inspection'),
};

const taskDocuments: readonly Snippet[] = [
  {
    label: 'task',
    description: 'A task, asked for as soon as the policies allow it.',
    body: document('Task', 'unlock-aurora-2026-11', request),
  },
  {
    label: 'task in a time of its own',
    description: 'A task that is asked for between two instants.',
    body: document('Task', 'unlock-aurora-2026-11', {
      ...request,
      notBefore: at(6, '2026-11-27T22:00:00+01:00'),
      notAfter: at(7, '2026-11-28T04:00:00+01:00'),
    }),
  },
  {
    label: 'task after another',
    description: 'A task that waits until another one of its fleet has succeeded on all devices.',
    body: document('Task', 'unlock-aurora-2026-11', { ...request, after: [at(6, 'reboot-aurora-2026-11')] }),
  },
];

const recurring = { start: at(3, '0 22 * * FRI'), duration: at(4, '6h') };
const freeze = {
  from: at(3, '2026-12-20T00:00'),
  to: at(4, '2027-01-03T00:00'),
  reason: at(5, 'holidays'),
};

const windowDocuments: readonly Snippet[] = [
  {
    label: 'window that recurs',
    description: 'Open every week, month or day for some hours.',
    body: document('Window', 'north-sea-nights', {
      timeZone: at(2, 'Europe/Oslo'),
      open: [recurring],
      cutoff: at(5, '15m'),
    }),
  },
  {
    label: 'window with freezes',
    description: 'Open always, but for some times.',
    body: document('Window', 'no-holidays', { timeZone: at(2, 'Europe/Oslo'), closed: [freeze] }),
  },
];

const windowRule = { name: at(4, 'window'), window: at(5, 'north-sea-nights') };
const condition = {
  name: at(4, 'change-request'),
  require: quotedAt(5, '"change" in task.annotations'),
  message: at(6, 'write a change request into the annotations'),
};
const match = { commands: [pick(2, ['unlock', 'reboot'])], fleets: [at(3, 'north-*')] };

const policyDocuments: readonly Snippet[] = [
  {
    label: 'policy with a window',
    description: 'Some tasks are issued only while a window is open.',
    body: document('Policy', 'unlock-inside-window', { match, rules: [windowRule] }),
  },
  {
    label: 'policy with a condition',
    description: 'Some tasks are issued only when a condition on task, commits, fleet or devices is true.',
    body: document('Policy', 'unlock-needs-change', { match, rules: [condition] }),
  },
];

const suspensionDocuments: readonly Snippet[] = [
  {
    label: 'suspension of a fleet',
    description: 'Stops the line: nothing is issued to the fleet until this is removed.',
    body: document('Suspension', 'incident-4711', {
      fleet: at(2, 'north-sea'),
      reason: at(3, 'incident 4711'),
    }),
  },
];

const waiverDocuments: readonly Snippet[] = [
  {
    label: 'waiver of one task',
    description: 'One task, with its run, need not satisfy some rules, for at most 72 hours.',
    body: document('Waiver', 'aurora-storm', {
      fleet: at(2, 'north-sea'),
      task: at(3, 'unlock-aurora-2026-11'),
      run: at(4, '1'),
      rules: [at(5, 'unlock-inside-window/window')],
      reason: at(6, 'the crew leaves the ship tonight'),
      expires: at(7, '2026-11-28T12:00:00+01:00'),
    }),
  },
];

const policyTestDocuments: readonly Snippet[] = [
  {
    label: 'policy test',
    description: 'What is given, and which verdict is expected.',
    body: document('PolicyTest', 'unlock-inside-window', {
      given: {
        now: at(2, '2026-11-27T22:30:00+01:00'),
        task: {
          fleet: at(3, 'north-sea'),
          command: pick(4, ['unlock', 'reboot']),
          targets: [at(5, 'smd-a')],
        },
      },
      cases: [
        { name: at(6, 'open on Friday night'), expect: { verdict: pick(7, ['allow', 'hold', 'deny']) } },
      ],
    }),
  },
];

const controllerDocuments: readonly Snippet[] = [
  {
    label: 'controller',
    description: 'The smallest configuration of a controller that issues.',
    body: {
      apiVersion,
      kind: 'Controller',
      source: {
        url: at(1, 'https://git.example.com/marine/snow-tasks.git'),
        auth: { tokenFile: at(2, '/run/secrets/source-token') },
      },
      ledger: {
        url: at(3, 'https://git.example.com/marine/snow-ledger.git'),
        auth: { tokenFile: at(4, '/run/secrets/ledger-token') },
      },
      fleets: {
        [at(5, 'north-sea')]: { region: at(6, 'eu-west-1'), account: quotedAt(7, '111122223333', '"') },
      },
    },
  },
];

export const taskSnippets: Snippets = { '': taskDocuments };
export const suspensionSnippets: Snippets = { '': suspensionDocuments };
export const waiverSnippets: Snippets = { '': waiverDocuments };
export const controllerSnippets: Snippets = { '': controllerDocuments };

const calendar = { ics: at(1, 'calendar.ics') };
export const windowSnippets: Snippets = {
  '': windowDocuments,
  'spec.open': [
    {
      label: 'times that recur',
      description: 'By a cron expression: minute, hour, day-of-month, month, weekday.',
      body: { start: at(1, '0 22 * * FRI'), duration: at(2, '6h') },
    },
    {
      label: 'a single time',
      description: 'From one local time to another.',
      body: { from: at(1, '2026-12-01T08:00'), to: at(2, '2026-12-01T10:00') },
    },
    { label: 'a calendar', description: 'The events of an iCalendar file.', body: calendar },
  ],
  'spec.closed': [
    {
      label: 'a freeze',
      description: 'From one local time to another, whatever else is open.',
      body: { from: at(1, '2026-12-20T00:00'), to: at(2, '2027-01-03T00:00'), reason: at(3, 'holidays') },
    },
    { label: 'a calendar', description: 'The events of an iCalendar file.', body: calendar },
  ],
};

export const policySnippets: Snippets = {
  '': policyDocuments,
  'spec.rules': [
    {
      label: 'rule with a window',
      description: 'A window is to be open.',
      body: { name: at(1, 'window'), window: at(2, 'north-sea-nights') },
    },
    {
      label: 'rule with a condition',
      description: 'A CEL expression is to be true.',
      body: {
        name: at(1, 'change-request'),
        require: quotedAt(2, '"change" in task.annotations'),
        message: at(3, 'write a change request into the annotations'),
      },
    },
  ],
};

export const policyTestSnippets: Snippets = {
  '': policyTestDocuments,
  'spec.cases': [
    {
      label: 'a case',
      description: 'What differs from what is given, and which verdict is expected.',
      body: {
        name: at(1, 'closed on Saturday noon'),
        now: at(2, '2026-11-28T12:00:00+01:00'),
        expect: { verdict: pick(3, ['allow', 'hold', 'deny']) },
      },
    },
  ],
};
