/** The file of `--keys`: access keys, each with its secret and the account that it speaks for. */

import { createCheck } from '../lib/document-check.ts';
import type { JsonSchema } from '../lib/document-compile.ts';
import type { Findings, ReadFile } from './document-file.ts';
import { readSingle } from './document-file.ts';
import type { SigningKey } from './proof.ts';

/** More callers than any test has. */
const keysMax = 1_000;

const secretSchema: JsonSchema = {
  type: 'string',
  minLength: 1,
  pattern: '^[!-~]+$',
  'x-rule': 'printable characters without a space',
};

const keySchema: JsonSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['accessKeyId', 'secretAccessKey', 'account'],
  properties: {
    accessKeyId: {
      type: 'string',
      title: 'Access key id',
      description: 'Stands in the open in every signature.',
      minLength: 1,
      maxLength: 128,
      pattern: '^[A-Za-z0-9]+$',
      'x-rule': 'letters and digits',
      examples: ['AKIDONE'],
    },
    secretAccessKey: {
      ...secretSchema,
      title: 'Secret access key',
      description: 'What the caller signs with. Make one up: it opens nothing but this simulator.',
      maxLength: 128,
    },
    account: {
      type: 'string',
      title: 'Account',
      description: 'The account that the key speaks for.',
      pattern: '^[0-9]{12}$',
      'x-rule': 'twelve digits, in quotes',
      examples: ['111122223333'],
    },
    sessionToken: {
      ...secretSchema,
      title: 'Session token',
      description: 'Of temporary credentials: requests must carry it.',
      maxLength: 4096,
    },
  },
};

/** What the file may hold. */
export const keysSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Access keys of a simulated Snow Device Management',
  description: 'The file of snowgate simulate --keys. With it, every signature is proved.',
  type: 'object',
  additionalProperties: false,
  required: ['apiVersion', 'kind', 'keys'],
  properties: {
    apiVersion: {
      type: 'string',
      title: 'Version',
      description: 'The version of this format.',
      const: 'snowgate/v1',
    },
    kind: {
      type: 'string',
      title: 'Kind',
      description: 'What the document is.',
      const: 'SimulatorKeys',
    },
    keys: {
      type: 'array',
      title: 'Keys',
      description: 'Each with the secret that its signatures are made with.',
      minItems: 1,
      maxItems: keysMax,
      items: keySchema,
    },
  },
  examples: [
    {
      apiVersion: 'snowgate/v1',
      kind: 'SimulatorKeys',
      keys: [{ accessKeyId: 'AKIDONE', secretAccessKey: 'made-up', account: '111122223333' }],
    },
  ],
};

const checkKeys = createCheck(keysSchema, { showsValues: false });

/** Reads the file of `--keys`. No message repeats a value. */
export function readKeysFile(bytes: Uint8Array): ReadFile<readonly SigningKey[]> {
  return readSingle(bytes, 'SimulatorKeys', checkKeys, readKeys);
}

/** Takes only what the schema has accepted. */
function readKeys(value: unknown, findings: Findings): readonly SigningKey[] {
  const { keys } = value as { readonly keys: readonly SigningKey[] };
  const first = new Map<string, number>();
  for (const [index, { accessKeyId }] of keys.entries()) {
    const earlier = first.get(accessKeyId);
    if (earlier === undefined) {
      first.set(accessKeyId, index);
      continue;
    }
    const message = `keys[${index}].accessKeyId is that of keys[${earlier}]`;
    findings.add('SG6007', ['keys', index, 'accessKeyId'], message, 'name each one once');
  }
  return keys;
}
