import type { JsonSchema } from './document-compile.ts';
import type { JsonValue } from './document-yaml.ts';

const nameLengthMax = 63;
const namePattern = '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$';
const nameShape = new RegExp(namePattern);

/** A DNS-1123 label, as Kubernetes has it: it can stand in a path, a branch, a host name, a log. */
export const nameSchema: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: nameLengthMax,
  pattern: namePattern,
  'x-allowed': '[-a-z0-9]',
  'x-rule': 'lower-case letters, digits and hyphens, beginning and ending with a letter or digit',
};

/** Whether a value is what `nameSchema` accepts, in a document of which nothing else may be right. */
export function isName(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && value.length <= nameLengthMax && nameShape.test(value);
}

/** The keys of labels and annotations. */
export const wordKeys: JsonSchema = {
  type: 'string',
  minLength: 1,
  maxLength: 63,
  pattern: '^[A-Za-z0-9]([A-Za-z0-9_./-]*[A-Za-z0-9])?$',
  'x-allowed': '[A-Za-z0-9_./-]',
  'x-rule': '1 to 63 letters, digits and _ . / -, beginning and ending with a letter or digit',
};

/** Labels, the same for everything that bears some; who uses it adds title, description and the most there may be. */
export const labelsSchema: JsonSchema = {
  type: 'object',
  propertyNames: wordKeys,
  additionalProperties: {
    type: 'string',
    maxLength: 63,
    pattern: '^([A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?)?$',
    'x-allowed': '[A-Za-z0-9_.-]',
    'x-rule': 'up to 63 letters, digits and _ . -, beginning and ending with a letter or digit',
  },
  default: {},
};
