/**
 * SARIF as it is written, against the rules of the standard (OASIS SARIF 2.1.0) and of GitHub's code scanning that it touches:
 * nothing but what is named here is in it.
 */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

type Schema = Readonly<Record<string, unknown>>;

function object(properties: Readonly<Record<string, Schema>>, optional: readonly string[] = []): Schema {
  const required = Object.keys(properties).filter((key) => !optional.includes(key));
  return { type: 'object', additionalProperties: false, required, properties };
}

function array(items: Schema, more: Schema = {}): Schema {
  return { type: 'array', items, ...more };
}

const text = object({ text: { type: 'string', minLength: 1 } });
const code = { type: 'string', pattern: '^SG[0-9]{4}$' };
const level = { enum: ['error', 'warning', 'note'] };
const position = { type: 'integer', minimum: 1 };

const descriptor = object({ id: code, shortDescription: text, fullDescription: text, help: text });

const physicalLocation = object({
  artifactLocation: {
    // 3.4.4: below a base the reference is relative, and leaves it nowhere.
    oneOf: [
      object({
        uri: {
          type: 'string',
          format: 'uri-reference',
          not: { pattern: '^/|^[A-Za-z][A-Za-z0-9+.-]*:|(^|/)\\.\\.(/|$)' },
        },
        uriBaseId: { const: '%SRCROOT%' },
      }),
      object({ uri: { type: 'string', format: 'uri-reference', pattern: '^file:///|(^|/)\\.\\.(/|$)' } }),
    ],
  },
  region: object({ startLine: position, startColumn: position }),
});

const result = object({
  ruleId: code,
  ruleIndex: { type: 'integer', minimum: 0 },
  level,
  message: text,
  // GitHub takes no result without one.
  locations: array(object({ physicalLocation }), { minItems: 1, maxItems: 1 }),
  partialFingerprints: object({
    primaryLocationLineHash: { type: 'string', pattern: '^[0-9a-f]{32}:[1-9][0-9]*$' },
  }),
});

const version = { type: 'string', pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?$' };

const driver = object({
  name: { const: 'snowgate' },
  version,
  semanticVersion: version,
  rules: array(descriptor, { uniqueItems: true }),
  notifications: array(descriptor, { uniqueItems: true }),
});

const run = object({
  tool: object({ driver }),
  automationDetails: object({ id: { type: 'string', minLength: 1 } }),
  invocations: array(
    object({
      executionSuccessful: { const: true },
      toolExecutionNotifications: array(
        object({ level, message: text, descriptor: object({ id: code }) }, ['descriptor']),
      ),
    }),
    { minItems: 1, maxItems: 1 },
  ),
  columnKind: { const: 'utf16CodeUnits' },
  results: array(result, { maxItems: 25_000 }),
});

const log = object({
  $schema: { type: 'string', pattern: '/sarif-schema-2\\.1\\.0\\.json$' },
  version: { const: '2.1.0' },
  runs: array(run, { minItems: 1, maxItems: 1 }),
});

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
const validate = ajv.compile(log);

interface Log {
  readonly runs: readonly [
    {
      readonly tool: {
        readonly driver: Readonly<Record<'rules' | 'notifications', readonly { readonly id: string }[]>>;
      };
      readonly invocations: readonly [
        {
          readonly toolExecutionNotifications: readonly {
            message: { text: string };
            descriptor?: { id: string };
          }[];
        },
      ];
      readonly results: readonly {
        readonly ruleId: string;
        readonly ruleIndex: number;
        readonly level: string;
        readonly message: { readonly text: string };
        readonly locations: readonly [{ physicalLocation: { artifactLocation: { uri: string } } }];
        readonly partialFingerprints: { readonly primaryLocationLineHash: string };
      }[];
    },
  ];
}

/** What is in the document; throws where it breaks a rule. */
export function readSarif(document: string) {
  const value = JSON.parse(document) as Log;
  if (!validate(value)) throw new Error(JSON.stringify(validate.errors));
  const [{ tool, invocations, results }] = value.runs;
  const { rules, notifications } = tool.driver;
  for (const { ruleId, ruleIndex } of results) {
    if (rules[ruleIndex]?.id !== ruleId) throw new Error(`${ruleId} is not rule ${ruleIndex}`);
  }
  const [{ toolExecutionNotifications: told }] = invocations;
  for (const { descriptor: named } of told) {
    if (named !== undefined && !notifications.some(({ id }) => id === named.id)) throw new Error(named.id);
  }
  return {
    rules: rules.map(({ id }) => id),
    results: results.map(({ ruleId, level: weight, message, locations, partialFingerprints }) => {
      const { uri } = locations[0].physicalLocation.artifactLocation;
      const fingerprint = partialFingerprints.primaryLocationLineHash;
      return { ruleId, level: weight, message: message.text, uri, fingerprint };
    }),
    notifications: told.map(({ message }) => ({ message: message.text })),
  };
}
