import type { JsonSchema } from '../lib/document-compile.ts';
import { fleetsMax, textDefaults } from './bounds.ts';
import { fleetSchema } from './schema-fleet.ts';
import { httpSchema } from './schema-http.ts';
import { notifySchema } from './schema-notify.ts';
import {
  authSchema,
  branchSchema,
  commitSchema,
  durationOf,
  filePath,
  insecureTransport,
  numberOf,
  section,
  urlSchema,
} from './schema-parts.ts';

const folderSchema: JsonSchema = { type: 'string', minLength: 1, maxLength: 1024 };

const sourceSchema = section(
  'Source',
  ['The repository of manifests.', 'It is only read.'],
  {
    url: urlSchema,
    branch: {
      ...branchSchema,
      description: 'The branch whose head is wanted.',
      default: textDefaults['source.branch'],
    },
    path: {
      ...folderSchema,
      title: 'Folder of manifests',
      description: 'Every .yaml and .yml file below it is read.',
      'x-more': 'From the root of the repository.',
      default: textDefaults['source.path'],
    },
    policies: {
      ...folderSchema,
      title: 'Folder of policies',
      description: 'Windows, policies, waivers, suspensions. Not together with policySource.',
      'x-more':
        'Every file below it counts. Written, and with `policy.uncovered: allow`, something has to be there.',
      default: textDefaults['source.policies'],
    },
    schedule: {
      type: 'string',
      title: 'Schedule',
      description: 'When passes begin: node-cron with seconds, always in UTC.',
      'x-more':
        'Six fields, seconds first. A commit waits for the next pass, unless a webhook tells of it (`http.hooks`). A pass begins up to 5 s later, so that not all controllers ask at once, and seldomer while a server cannot be reached.',
      minLength: 1,
      maxLength: 200,
      default: textDefaults['source.schedule'],
      examples: ['*/30 * * * * *'],
    },
    maxAge: durationOf('source.maxAge', 'Oldest knowledge', [
      'Issuing stops when the last good fetch is older.',
      'Of the source, of the policies or of the ledger: nothing is claimed or called on old news.',
    ]),
    maxRemovals: numberOf('source.maxRemovals', 'Removals at once', [
      'More removals in one step halt issuing.',
      'Counted are tasks that are not finished: their removal would withdraw or cancel something. With 0, any halts. The way out is `source.accept`.',
    ]),
    accept: {
      ...commitSchema,
      title: 'Accepted head',
      description: 'The head of a halt that is meant after all.',
      'x-more':
        'A whole commit id. For a rewritten history, an emptied tree, many removals at once, or policies that are gone.',
    },
    auth: authSchema,
    insecureTransport,
    limits: section('Limits', 'Bounds on what is read.', {
      fileBytes: numberOf('source.limits.fileBytes', 'Bytes of a file', 'Larger files are not read.'),
      files: numberOf('source.limits.files', 'Files', [
        'More files are refused as a whole.',
        'None of them is read then.',
      ]),
      documentsPerFile: numberOf('source.limits.documentsPerFile', 'Documents of a file', [
        'YAML documents.',
        'A file with more is not read.',
      ]),
      depth: numberOf('source.limits.depth', 'Depth', 'Nested lists and maps of a document.'),
      fetchTimeout: durationOf(
        'source.limits.fetchTimeout',
        'Time of a fetch',
        'A git command is killed after it.',
      ),
      historyCommits: numberOf('source.limits.historyCommits', 'Commits of history', [
        'First-parent commits walked to find where a revision was introduced.',
        'What is not found waits behind everything that is.',
      ]),
    }),
  },
  ['url'],
);

const ledgerSchema = section(
  'Ledger',
  [
    'The repository and branch that remember what was claimed, issued and settled.',
    'A repository of its own, to which nobody else pushes; one that is also the source is warned about.',
  ],
  {
    id: {
      type: 'string',
      title: 'Ledger id',
      description: 'The UUID printed by `snowgate ledger init`; pins the ledger.',
      'x-more': 'Left out, any ledger that is found there is believed, and a warning says so.',
      pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
      'x-rule': 'the UUID printed by `snowgate ledger init`, in lower case',
      examples: ['5f0c7a52-9d0e-4a58-8f0b-6a2f4f1f9b21'],
    },
    url: {
      ...urlSchema,
      'x-more': 'A repository of its own; one that is also the source is warned about.',
      examples: ['https://git.example.com/marine/snow-ledger.git'],
    },
    branch: {
      ...branchSchema,
      description: 'The ledger branch.',
      'x-more': 'Made once, by `snowgate ledger init`, and never by the controller.',
      default: textDefaults['ledger.branch'],
    },
    auth: authSchema,
    insecureTransport,
    acceptCommit: {
      ...commitSchema,
      title: 'Accepted tip',
      description: 'Taken as the newest tip known.',
      'x-more': 'After the branch went back on purpose.',
    },
    pushesPerMinute: numberOf('ledger.pushesPerMinute', 'Pushes a minute', [
      'Shared by all replicas.',
      '6 is what GitHub asks for.',
    ]),
    replicas: numberOf('ledger.replicas', 'Replicas', [
      'Controllers that share the ledger.',
      'Each pushes its share of `pushesPerMinute`.',
    ]),
  },
  ['url'],
);

const policySourceSchema = section(
  'Policy source',
  [
    'Windows and policies from a repository or branch of their own, in place of source.policies. Read within source.limits.',
    'With it, whoever merges a task need not be able to merge a policy.',
  ],
  {
    url: { ...urlSchema, examples: ['https://git.example.com/marine/snow-policies.git'] },
    branch: {
      ...branchSchema,
      description: 'The branch whose head is in force.',
      default: textDefaults['policySource.branch'],
    },
    path: {
      ...folderSchema,
      title: 'Folder of policies',
      description: 'Windows, policies, waivers, suspensions.',
      'x-more': 'Every file below it counts.',
      default: textDefaults['policySource.path'],
    },
    accept: {
      ...commitSchema,
      title: 'Accepted head',
      description: 'The head of a halt (a rewritten history) that is meant after all.',
      'x-more':
        'A whole commit id. Also the head when a ledger that is in use changes over from one `policySource` to another (SG6242). Not needed to move policies here from beside the manifests: where the ledger names one commit for both, the first head of `policySource` is taken as it is, and its history is guarded from then on.',
    },
    auth: authSchema,
    insecureTransport,
  },
  ['url'],
);

const policySchema = section('Policy', 'What holds where policies say nothing.', {
  uncovered: {
    type: 'string',
    title: 'Uncovered tasks',
    description: 'What happens to a task that no policy matches with a rule other than warn.',
    enumDescriptions: ['It waits for a policy.', 'It is issued, as if there were no policies.'],
    enum: ['hold', 'allow'],
    default: 'hold',
  },
  separateCommits: {
    type: 'boolean',
    title: 'Separate commits',
    description: 'Holds a task that was introduced or changed by a commit which changes policies, too.',
    'x-more': 'Also one whose commit was not found. With `policySource` no commit does.',
    default: false,
  },
});

/** The configuration of a controller: JSON Schema, draft 2020-12. schemas/controller.schema.json is made from it. */
export const controllerSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:snowgate:v1:controller',
  title: 'snowgate controller',
  description: 'The configuration of a snowgate controller. Secrets are named by file, never written here.',
  type: 'object',
  additionalProperties: false,
  required: ['apiVersion', 'kind', 'source', 'ledger', 'fleets'],
  properties: {
    apiVersion: {
      type: 'string',
      title: 'Version of the format',
      description: 'The version of the format: snowgate/v1.',
      const: 'snowgate/v1',
      'x-code': 'SG2002',
      'x-missing': 'write apiVersion: snowgate/v1',
    },
    kind: {
      type: 'string',
      title: 'Kind',
      description: 'What the document is: Controller.',
      const: 'Controller',
      'x-code': 'SG2002',
      'x-missing': 'write kind: Controller',
    },
    source: sourceSchema,
    policySource: policySourceSchema,
    ledger: ledgerSchema,
    stateDir: {
      ...filePath,
      title: 'State folder',
      description: 'A cache; may be lost at any time.',
      'x-more': 'On a local disk, for one process at a time.',
      default: textDefaults.stateDir,
    },
    replica: {
      type: 'string',
      title: 'Replica',
      description: 'Name of this controller in the ledger; the host name by default.',
      'x-more': 'Replicas that share a ledger have names that differ.',
      maxLength: 63,
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
      'x-rule': 'lower-case letters, digits and hyphens, beginning and ending with a letter or digit',
      examples: ['bridge-1'],
    },
    repeatGuard: {
      type: 'string',
      title: 'Repeat guard',
      description: 'Holds an edit that would repeat a command on a device under the same run.',
      'x-more': 'So that a corrected description does not reboot a ship twice.',
      enumDescriptions: [
        'Such an edit waits until `run` is raised.',
        'Such an edit is issued, and repeats the command.',
      ],
      enum: ['on', 'off'],
      default: 'on',
    },
    policy: policySchema,
    fleets: {
      type: 'object',
      title: 'Fleets',
      description: 'By the names that manifests use.',
      minProperties: 1,
      maxProperties: fleetsMax,
      propertyNames: {
        type: 'string',
        maxLength: 63,
        pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
        'x-rule': 'lower-case letters, digits and hyphens, beginning and ending with a letter or digit',
      },
      additionalProperties: fleetSchema,
    },
    issue: section('Issuing', ['Per fleet.', 'How many tasks are claimed and called, and how fast.'], {
      batch: numberOf('issue.batch', 'Batch', [
        'Claims of one commit, at most.',
        'Fewer where they could not all be called before the deadline.',
      ]),
      concurrency: numberOf('issue.concurrency', 'Concurrency', ['Calls at a time.', 'Per fleet.']),
      deadline: durationOf('issue.deadline', 'Deadline', [
        'No call starts later than this after its claim was begun.',
        'What is not called by then is released, and claimed again.',
      ]),
      requestTimeout: durationOf('issue.requestTimeout', 'Request time-out', [
        'Of one call.',
        'As a whole, from connecting to the last byte of the answer.',
      ]),
      rate: numberOf('issue.rate', 'Rate', ['CreateTask calls a second.', 'Per fleet.']),
      maxWait: durationOf('issue.maxWait', 'Longest wait', [
        'What was introduced longer ago is denied as stale.',
        'Counted from `notBefore` where that is later. The way out is to raise `run`.',
      ]),
      maxPerPass: numberOf('issue.maxPerPass', 'Tasks of a pass', [
        'Tasks that one pass claims, at most.',
        'For each fleet: what a slip can set off before anybody looks.',
      ]),
    }),
    recovery: section('Recovery', 'How doubt is ended.', {
      takeover: durationOf('recovery.takeover', 'Takeover', [
        "How long another's claim is watched before it is in doubt.",
        'It must exceed `issue.deadline`, `issue.requestTimeout` and `recovery.settling` together.',
      ]),
      settling: durationOf('recovery.settling', 'Settling', [
        'How long a request may go on to take effect unseen.',
        'Assumption A1 about AWS: whatever a request makes is listed within this time of its sending.',
      ]),
      listTrust: durationOf('recovery.listTrust', 'Trust in the list', [
        'How long AWS is believed to list a task.',
        'Assumption A2 about AWS; an older doubt needs a person.',
      ]),
    }),
    clock: section('Clock', 'How far the clock may be wrong.', {
      tolerance: durationOf('clock.tolerance', 'Tolerance', [
        'Beyond it every call that changes something waits.',
        "How far this machine's clock may differ from AWS's.",
      ]),
    }),
    shutdown: section('Shutdown', 'How a controller ends.', {
      timeout: durationOf(
        'shutdown.timeout',
        'Time-out',
        'Calls in hand and the last push must end within it.',
      ),
    }),
    observe: section('Observing', 'Following tasks after they were issued, per fleet.', {
      rate: numberOf('observe.rate', 'Rate', [
        'Calls a second that only look.',
        'Per fleet: they follow tasks, describe devices, and read tasks that were made around Git.',
      ]),
    }),
    cancel: section('Cancelling', 'Of what is still queued when its window closes.', {
      lead: durationOf('cancel.lead', 'Lead', [
        'How long before the close it is cancelled.',
        'Of what is still queued when its window closes, or its `notAfter` comes. Nothing is issued within this time of the end, either: a window should be longer.',
      ]),
    }),
    http: httpSchema,
    notify: notifySchema,
  },
};
