/** What a scenario file may hold. */
import type { JsonSchema } from '../lib/document-compile.ts';
import { nameSchema } from '../lib/document-names.ts';
import {
  commandNames,
  deviceStates,
  instanceStateNames,
  instancesMax,
  outcomeNames,
  outcomesMax,
} from './device-change.ts';
import { simulatorFlags } from './flags.ts';
import { operationNames } from './routes.ts';
import { effectNames } from './rules.ts';
import { accountGrammar, devicesMax, keyIdGrammar, regionGrammar } from './seats.ts';
import type { Rule } from './written.ts';
import { settingRules } from './written.ts';

/** More than anybody writes, and little to look through at each call. */
const fleetsMax = 100;
const entriesMax = 1_000;
const rulesMax = 1_000;
const stepsMax = 10_000;

type Properties = Readonly<Record<string, JsonSchema>>;

function map(properties: Properties, required: readonly string[]): JsonSchema {
  return { type: 'object', additionalProperties: false, required, properties };
}

function said(title: string, description: string, schema: JsonSchema): JsonSchema {
  return { title, description, ...schema };
}

const duration: JsonSchema = {
  type: 'string',
  pattern: '^[0-9]{1,12}(ms|s|m|h|d)$',
  'x-rule': 'a time with its unit, such as 0s, 500ms, 30s, 10m, 1h, 7d',
};
const idGrammar: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 64,
  pattern: '^[!-.0-~]+$',
  'x-rule': '1 to 64 printable characters without a space or a slash',
};
const texts: JsonSchema = { type: 'object', additionalProperties: { type: 'string' } };

function settingSchema(rule: Rule): JsonSchema {
  if (rule.kind === 'duration') return duration;
  if (rule.kind === 'count') return { type: 'integer', minimum: rule.min, maximum: rule.max };
  return rule.kind === 'boolean' ? { type: 'boolean' } : { type: 'string', enum: rule.choices };
}

/** Settings by the names of their flags: `tokenLife` and not `tokenLifeMs`, because the text has a unit. */
function settingsSchema(fixed: readonly string[]): JsonSchema {
  const entries = Object.entries(settingRules)
    .filter(([key]) => !fixed.includes(key))
    .map(([key, rule]) => {
      const name = key.replace(/Ms$/, '');
      const description = simulatorFlags.find((flag) => flag.key === name)?.description ?? name;
      return [name, said(name, description, settingSchema(rule))] as const;
    });
  return map(Object.fromEntries(entries), []);
}

const outcomeSchema = map(
  {
    outcome: said('Outcome', 'How an execution ends.', { type: 'string', enum: outcomeNames }),
    command: said('Command', 'Only an execution of this command; any, where it is left out.', {
      type: 'string',
      enum: commandNames,
    }),
    times: said('Times', 'So many executions.', { type: 'integer', minimum: 1, maximum: outcomesMax }),
  },
  ['outcome'],
);

const instanceSchema = map(
  {
    instanceId: said('Instance id', 'Follows from the device, where it is left out.', idGrammar),
    imageId: said('Image id', 'Follows from the device, where it is left out.', idGrammar),
    instanceType: said('Instance type', 'sbe-c.large, where it is left out.', idGrammar),
    state: said('State', 'RUNNING, where it is left out; runs only while the device is unlocked.', {
      type: 'string',
      enum: instanceStateNames,
    }),
  },
  [],
);

/** What devices are at the start, and what they become at a step. */
const changes: Properties = {
  present: said('Present', 'Whether the account has the device.', { type: 'boolean' }),
  online: said('Online', 'Whether the device reaches out to AWS.', { type: 'boolean' }),
  state: said('State', 'Locked or not.', { type: 'string', enum: deviceStates }),
  outcomes: said('Outcomes', 'How the next executions end, first first; SUCCEEDED when used up.', {
    type: 'array',
    maxItems: outcomesMax,
    items: outcomeSchema,
  }),
  instances: said('Instances', 'The EC2 instances of the device.', {
    type: 'array',
    maxItems: instancesMax,
    items: instanceSchema,
  }),
};

const deviceSchema = map(
  {
    name: said('Name', 'What the timeline calls it; AWS never sees it.', nameSchema),
    count: said('Count', 'So many alike: NAME-1, NAME-2 and so on; NAME means all of them.', {
      type: 'integer',
      minimum: 1,
      maximum: devicesMax,
    }),
    id: said('Managed device id', 'Follows from the seed, where it is left out.', idGrammar),
    jobId: said('Job', 'The job that the device was ordered by.', idGrammar),
    tags: said('Tags', 'Tags of the device.', texts),
    ...changes,
  },
  ['name'],
);

const fleetSchema = map(
  {
    account: said('Account', 'Twelve digits, in quotes.', {
      type: 'string',
      pattern: accountGrammar.source,
      'x-rule': 'twelve digits, in quotes',
      examples: ['111122223333'],
    }),
    region: said('Region', 'The region of the fleet.', {
      type: 'string',
      pattern: regionGrammar.source,
      'x-rule': 'a name like eu-west-1',
      examples: ['eu-west-1'],
    }),
    accessKeyIds: said('Access key ids', 'Those that speak for the account; none: everybody.', {
      type: 'array',
      maxItems: entriesMax,
      items: { type: 'string', pattern: keyIdGrammar.source, 'x-rule': 'letters and digits' },
    }),
    devices: said('Devices', 'In the order of their listing.', {
      type: 'array',
      maxItems: entriesMax,
      items: deviceSchema,
    }),
  },
  ['account', 'region', 'devices'],
);

/** The values of the other members are judged where rules are read, as those of the control path are. */
const ruleSchema = map(
  {
    operation: said('Operation', 'An operation, or * for any.', {
      type: 'string',
      enum: ['*', ...operationNames],
    }),
    effect: said('Effect', 'What becomes of the call.', { type: 'string', enum: effectNames }),
    times: said('Times', 'Strikes so often, then is gone.', {}),
    probability: said('Probability', '0 to 1.', {}),
    skip: said('Skip', 'Lets so many matching calls pass first.', {}),
    delayMs: said('Delay', 'How late the answer is: 5s, or milliseconds as a number.', {}),
    retryAfterSeconds: said('Retry after', 'Sent as Retry-After.', {}),
    lateEffectMs: said('Late effect', 'How late the work shows: 5s, or milliseconds as a number.', {}),
    account: said('Account', 'Only there.', {}),
    region: said('Region', 'Only there.', {}),
  },
  ['operation', 'effect'],
);

const taskSchema = map(
  {
    name: said('Name', 'What a later step cancels it by.', nameSchema),
    command: said('Command', 'What the devices are told to do.', { type: 'string', enum: commandNames }),
    targets: said('Targets', 'Names of devices of one fleet.', {
      type: 'array',
      minItems: 1,
      items: nameSchema,
    }),
    description: said('Description', 'As AWS takes it.', { type: 'string' }),
    tags: said('Tags', 'Tags of the task.', texts),
    clientToken: said('Client token', 'As AWS takes it.', { type: 'string' }),
  },
  ['command', 'targets'],
);

const stepSchema = map(
  {
    at: said('At', 'When, since the start.', duration),
    every: said('Every', 'Again and again, at this distance.', duration),
    times: said('Times', 'So often; with every.', { type: 'integer', minimum: 2, maximum: stepsMax }),
    devices: said('Devices', 'Names; every device, where it is left out.', {
      type: 'array',
      minItems: 1,
      maxItems: entriesMax,
      items: nameSchema,
    }),
    ...changes,
    task: said('Task', 'Somebody else asks for a task.', taskSchema),
    cancel: said('Cancel', 'Somebody else cancels the task of this name.', nameSchema),
    rule: said('Rule', 'One more fault rule.', ruleSchema),
    clearRules: said('Clear rules', 'Takes every fault rule away.', { type: 'boolean', const: true }),
    settings: said('Settings', 'From then on.', settingsSchema(['listOrder'])),
  },
  ['at'],
);

/** The format of a scenario file. */
export const scenarioSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  ...said('Scenario', 'The file of snowgate simulate --scenario.', {}),
  ...map(
    {
      apiVersion: said('Version', 'The version of this format.', { type: 'string', const: 'snowgate/v1' }),
      kind: said('Kind', 'What the document is.', { type: 'string', const: 'Scenario' }),
      description: said('Description', 'What it is good for.', { type: 'string', maxLength: 1024 }),
      seed: said('Seed', 'Ids follow from it.', { type: 'integer', minimum: 0, maximum: 0xffff_ffff }),
      settings: said('Settings', 'How the service behaves.', settingsSchema([])),
      fleets: said('Fleets', 'Accounts and regions, with their devices.', {
        type: 'array',
        minItems: 1,
        maxItems: fleetsMax,
        items: fleetSchema,
      }),
      rules: said('Rules', 'Fault rules from the start.', {
        type: 'array',
        maxItems: rulesMax,
        items: ruleSchema,
      }),
      timeline: said('Timeline', 'What happens, and when.', {
        type: 'array',
        maxItems: stepsMax,
        items: stepSchema,
      }),
    },
    ['apiVersion', 'kind', 'fleets'],
  ),
};
