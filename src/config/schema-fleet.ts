import type { JsonSchema } from '../lib/document-check.ts';
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
  'One AWS account and region, and how to get there.',
  {
    region: { ...regionSchema, description: 'Where the devices are managed.' },
    account: {
      ...accountSchema,
      description: 'Proved by STS before anything is issued. Required without endpoint.',
    },
    endpoint: { ...endpointSchema, description: 'Instead of the endpoint of AWS; http only to loopback.' },
    stsEndpoint: { ...endpointSchema, description: 'A private endpoint of STS; http only to loopback.' },
    roleArn: {
      type: 'string',
      title: 'Role',
      description: 'Assumed for this fleet.',
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
    },
    rebind: section(
      'Rebind',
      'The identity of the newest claim, which is left behind on purpose.',
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
      enum: ['issue', 'observe'],
      default: 'issue',
    },
    labels: {
      ...labelsSchema,
      title: 'Labels',
      description: 'What policies may know of the fleet, whatever a commit says.',
      maxProperties: fleetLabelsMax,
      examples: [{ env: 'production' }],
    },
    requirePolicies: {
      type: 'array',
      title: 'Required policies',
      description: 'Names of policies that must be there and match each task of the fleet.',
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
      ...maxInFlightBounds,
      examples: [10],
    },
  },
  ['region'],
);
