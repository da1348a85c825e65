import type { JsonSchema } from '../lib/document-check.ts';
import { fleetsMax, textDefaults } from './bounds.ts';
import { fleetSchema } from './schema-fleet.ts';
import {
  authSchema,
  branchSchema,
  commitSchema,
  durationOf,
  filePath,
  insecureTransport,
  numberOf,
  reserved,
  section,
  urlSchema,
} from './schema-parts.ts';

const folderSchema: JsonSchema = { type: 'string', minLength: 1, maxLength: 1024 };

const sourceSchema = section(
  'Source',
  'The repository of manifests.',
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
      default: textDefaults['source.path'],
    },
    policies: {
      ...folderSchema,
      title: 'Folder of policies',
      description: 'Windows, policies, waivers, suspensions. Not together with policySource.',
      default: textDefaults['source.policies'],
    },
    schedule: {
      type: 'string',
      title: 'Schedule',
      description: 'When passes begin: node-cron with seconds, always in UTC.',
      minLength: 1,
      maxLength: 200,
      default: textDefaults['source.schedule'],
      examples: ['*/30 * * * * *'],
    },
    maxAge: durationOf(
      'source.maxAge',
      'Oldest knowledge',
      'Issuing stops when the last good fetch is older.',
    ),
    maxRemovals: numberOf(
      'source.maxRemovals',
      'Removals at once',
      'More removals in one step halt issuing.',
    ),
    accept: {
      ...commitSchema,
      title: 'Accepted head',
      description: 'The head of a halt that is meant after all.',
    },
    auth: authSchema,
    insecureTransport,
    limits: section('Limits', 'Bounds on what is read.', {
      fileBytes: numberOf('source.limits.fileBytes', 'Bytes of a file', 'Larger files are not read.'),
      files: numberOf('source.limits.files', 'Files', 'More files are refused as a whole.'),
      documentsPerFile: numberOf('source.limits.documentsPerFile', 'Documents of a file', 'YAML documents.'),
      depth: numberOf('source.limits.depth', 'Depth', 'Nested lists and maps of a document.'),
      fetchTimeout: durationOf(
        'source.limits.fetchTimeout',
        'Time of a fetch',
        'A git command is killed after it.',
      ),
      historyCommits: numberOf(
        'source.limits.historyCommits',
        'Commits of history',
        'First-parent commits walked to find where a revision was introduced.',
      ),
    }),
  },
  ['url'],
);

const ledgerSchema = section(
  'Ledger',
  'The repository and branch that remember what was claimed, issued and settled.',
  {
    id: {
      type: 'string',
      title: 'Ledger id',
      description: 'The UUID printed by `snowgate ledger init`; pins the ledger.',
      pattern: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
      'x-rule': 'the UUID printed by `snowgate ledger init`, in lower case',
    },
    url: { ...urlSchema, examples: ['https://git.example.com/marine/snow-ledger.git'] },
    branch: { ...branchSchema, description: 'The ledger branch.', default: textDefaults['ledger.branch'] },
    auth: authSchema,
    insecureTransport,
    acceptCommit: { ...commitSchema, title: 'Accepted tip', description: 'Taken as the newest tip known.' },
    pushesPerMinute: numberOf('ledger.pushesPerMinute', 'Pushes a minute', 'Shared by all replicas.'),
    replicas: numberOf('ledger.replicas', 'Replicas', 'Controllers that share the ledger.'),
  },
  ['url'],
);

const policySourceSchema = section(
  'Policy source',
  'Windows and policies from a repository or branch of their own, in place of source.policies. Read within source.limits.',
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
      default: textDefaults['policySource.path'],
    },
    accept: {
      ...commitSchema,
      title: 'Accepted head',
      description: 'The head of a halt (a rewritten history) that is meant after all.',
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
    enum: ['hold', 'allow'],
    default: 'hold',
  },
  separateCommits: {
    type: 'boolean',
    title: 'Separate commits',
    description: 'Holds a task that was introduced or changed by a commit which changes policies, too.',
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
      description: 'snowgate/v1',
      const: 'snowgate/v1',
      'x-code': 'SG2002',
      'x-missing': 'write apiVersion: snowgate/v1',
    },
    kind: {
      type: 'string',
      title: 'Kind',
      description: 'Controller',
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
      default: textDefaults.stateDir,
    },
    replica: {
      type: 'string',
      title: 'Replica',
      description: 'Name of this controller in the ledger; the host name by default.',
      maxLength: 63,
      pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
      'x-rule': 'lower-case letters, digits and hyphens, beginning and ending with a letter or digit',
    },
    repeatGuard: {
      type: 'string',
      title: 'Repeat guard',
      description: 'Holds an edit that would repeat a command on a device under the same run.',
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
    issue: section('Issuing', 'Per fleet.', {
      batch: numberOf('issue.batch', 'Batch', 'Claims of one commit, at most.'),
      concurrency: numberOf('issue.concurrency', 'Concurrency', 'Calls at a time.'),
      deadline: durationOf(
        'issue.deadline',
        'Deadline',
        'No call starts later than this after its claim was begun.',
      ),
      requestTimeout: durationOf('issue.requestTimeout', 'Request time-out', 'Of one call.'),
      rate: numberOf('issue.rate', 'Rate', 'CreateTask calls a second.'),
      maxWait: durationOf(
        'issue.maxWait',
        'Longest wait',
        'What was introduced longer ago is denied as stale.',
      ),
      maxPerPass: numberOf('issue.maxPerPass', 'Tasks of a pass', 'Tasks that one pass claims, at most.'),
    }),
    recovery: section('Recovery', 'How doubt is ended.', {
      takeover: durationOf(
        'recovery.takeover',
        'Takeover',
        "How long another's claim is watched before it is in doubt.",
      ),
      settling: durationOf(
        'recovery.settling',
        'Settling',
        'How long a request may go on to take effect unseen.',
      ),
      listTrust: durationOf(
        'recovery.listTrust',
        'Trust in the list',
        'How long AWS is believed to list a task.',
      ),
    }),
    clock: section('Clock', 'How far the clock may be wrong.', {
      tolerance: durationOf(
        'clock.tolerance',
        'Tolerance',
        'Beyond it every call that changes something waits.',
      ),
    }),
    shutdown: section('Shutdown', 'How a controller ends.', {
      timeout: durationOf(
        'shutdown.timeout',
        'Time-out',
        'Calls in hand and the last push must end within it.',
      ),
    }),
    observe: section('Observing', 'Following tasks after they were issued, per fleet.', {
      rate: numberOf('observe.rate', 'Rate', 'Calls a second that only look.'),
    }),
    cancel: section('Cancelling', 'Of what is still queued when its window closes.', {
      lead: durationOf('cancel.lead', 'Lead', 'How long before the close it is cancelled.'),
    }),
    http: reserved('HTTP', 'health, metrics, webhook and dashboard.'),
    notify: reserved('Notify', 'word sent out.'),
  },
};
