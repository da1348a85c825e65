/** What a plain scalar means: text, unless YAML's core schema says otherwise and the number keeps its value. */
import { Schema, Type } from 'js-yaml';
import { quoteText } from './document-problem.ts';

/** A scalar that looks like a number and must not be one. */
export class BadNumber {
  readonly code: 'SG1014' | 'SG1015';
  readonly reason: string;

  constructor(code: BadNumber['code'], reason: string) {
    this.code = code;
    this.reason = reason;
  }
}

function toNumber(text: string): number | BadNumber {
  if (/^[-+]?0[0-9]/.test(text)) {
    return new BadNumber('SG1015', `${quoteText(text)} is octal for some readers and decimal for others`);
  }
  const digits = text.replace(/^[-+]/, '');
  const value = (text.startsWith('-') ? -1 : 1) * Number(digits);
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    return new BadNumber('SG1014', `${quoteText(text)} is beyond the numbers that keep their value`);
  }
  return value;
}

function implicitType(name: string, pattern: RegExp, construct: (text: string) => unknown): Type {
  return new Type(`snowgate:${name}`, {
    kind: 'scalar',
    resolve: (text: unknown) => typeof text === 'string' && pattern.test(text),
    construct,
  });
}

/** The core schema of YAML 1.2.2, section 10.3.2, to the letter; js-yaml's own also reads 0b1 as a number. */
export const coreSchema = new Schema({
  implicit: [
    implicitType('null', /^(?:null|Null|NULL|~)$/, () => null),
    implicitType('bool', /^(?:true|True|TRUE|false|False|FALSE)$/, (text) => text.toLowerCase() === 'true'),
    implicitType('int', /^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$/, toNumber),
    implicitType('float', /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/, toNumber),
    implicitType('special', /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/, (text) => {
      return new BadNumber('SG1014', `${quoteText(text)} is no number that could be meant here`);
    }),
  ],
});
