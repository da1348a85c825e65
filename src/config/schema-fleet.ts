import type { JsonSchema } from '../lib/document-compile.ts';
import { labelsSchema, nameSchema } from '../lib/document-names.ts';
import { fleetLabelsMax, maxInFlightBounds, requirePoliciesMax } from './bounds.ts';
import { section } from './schema-parts.ts';

const accountSchema: JsonSchema = {
  type: 'string',
  title: 'AWS account',
  pattern: '^[0-9]{12}$',
  'x-rule': 'twelve digits in quotes: "111122223333"',
  examples: ['111122223333'],
};

const regionSchema: JsonSchema = {
  type: 'string',
  title: 'AWS region',
  maxLength: 32,
  pattern: '^[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}$',
  'x-rule': 'an AWS region such as eu-west-1',
  examples: ['eu-west-1'],
};

const endpointSchema: JsonSchema = {
  type: 'string',
  title: 'Endpoint',
  minLength: 1,
  maxLength: 2048,
  examples: ['http://127.0.0.1:4010'],
};

/** One entry of `fleets`. */
export const fleetSchema = section(
  'Fleet',
  ['One AWS account and region, and how to get there.', 'Manifests name it in `spec.fleet`.'],
  {
    region: { ...regionSchema, description: 'Where the devices are managed.' },
    account: {
      ...accountSchema,
      description: 'Proved by STS before anything is issued. Required without endpoint.',
      'x-more': 'In quotes: 12 digits without them would be a number.',
    },
    endpoint: {
      ...endpointSchema,
      description: 'Instead of the endpoint of AWS; http only to loopback.',
      'x-more': "The simulator, or a private endpoint. Left out, AWS's own.",
    },
    stsEndpoint: {
      ...endpointSchema,
      description: 'A private endpoint of STS; http only to loopback.',
      'x-more': "Left out, AWS's own.",
    },
    roleArn: {
      type: 'string',
      title: 'Role',
      description: 'Assumed for this fleet.',
      'x-more':
        'docs/AWS.md tells which permissions it needs. Left out, the credentials of the usual chain are used as they are.',
      pattern: '^arn:aws(-[a-z]+)*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]{1,512}$',
      'x-rule': 'arn:aws:iam::ACCOUNT:role/NAME',
      examples: ['arn:aws:iam::111122223333:role/snowgate'],
    },
    externalId: {
      type: 'string',
      title: 'External id',
      description: 'Given when the role is assumed.',
      minLength: 2,
      maxLength: 1224,
      pattern: '^[A-Za-z0-9_+=,.@:/-]*$',
      'x-rule': 'letters, digits and _ + = , . @ : / -',
      examples: ['marine-ops'],
    },
    rebind: section(
      'Rebind',
      [
        'The identity of the newest claim, which is left behind on purpose.',
        'Only after account, region or endpoint of the fleet were changed, which halts it (SG6232).',
      ],
      {
        account: { ...accountSchema, description: 'Account of that claim; absent where it had none.' },
        region: { ...regionSchema, description: 'Region of that claim.' },
        endpoint: { ...endpointSchema, description: 'Endpoint of that claim; absent for that of AWS.' },
      },
      ['region'],
    ),
    mode: {
      type: 'string',
      title: 'Mode',
      description: 'observe: tasks are planned and shown; nothing is recorded, and AWS is asked nothing.',
      'x-more':
        'A task that is in flight, or in doubt, is left to another controller, or to the day when the mode is `issue` again.',
      enumDescriptions: [
        'Tasks are issued, followed and cancelled.',
        'Tasks are planned and shown as held (SG6129); nothing is claimed, called, cancelled, followed, looked for or written down.',
      ],
      enum: ['issue', 'observe'],
      default: 'issue',
    },
    labels: {
      ...labelsSchema,
      title: 'Labels',
      description: 'What policies may know of the fleet, whatever a commit says.',
      'x-more':
        'Policies match them (`match.fleetLabels`) and read them (`fleet.labels`). Keys and values are written as those of the labels of a manifest.',
      maxProperties: fleetLabelsMax,
      examples: [{ env: 'production' }],
    },
    requirePolicies: {
      type: 'array',
      title: 'Required policies',
      description: 'Names of policies that must be there and match each task of the fleet.',
      'x-more': 'The floor that no commit can lower: a task for which one is missing is held (SG6311).',
      maxItems: requirePoliciesMax,
      uniqueItems: true,
      items: nameSchema,
      default: [],
      examples: [['unlock-inside-window']],
    },
    maxInFlight: {
      type: 'integer',
      title: 'In flight',
      description: 'Open tasks of the fleet at a time, at most; not bounded where it is absent.',
      'x-more': 'Open is claimed, in doubt, ambiguous, or issued and not ended.',
      ...maxInFlightBounds,
      examples: [10],
    },
  },
  ['region'],
);
