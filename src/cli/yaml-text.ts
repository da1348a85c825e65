/** Values as YAML that every reader takes for the same values. */
import { Document, type Node, Pair, Scalar, YAMLMap, YAMLSeq } from 'yaml';

export type Written = string | number | readonly Written[] | { readonly [key: string]: Written };

/** Lines are never folded, and what is quoted has the escapes that JSON and YAML share. */
export const yamlStyle = { lineWidth: 0, flowCollectionPadding: false, doubleQuotedAsJSON: true } as const;

/** Letters first, and nothing in it that any YAML reads as more than letters. */
const word = /^[A-Za-z][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*$/;
const url = /^[a-z]+:\/\/[A-Za-z0-9_./-]+$/;
const instant = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+(?:Z|[+-][0-9]{2}:[0-9]{2})$/;
/** Words that YAML, or a YAML of old, takes for something else. */
const notText = /^(?:null|true|false|yes|no|on|off|y|n)$/i;

/** More quotes than are needed hurt nobody; one that is missing may be another value. */
function textNode(text: string): Scalar {
  const node = new Scalar(text);
  const isPlain = (word.test(text) && !notText.test(text)) || instant.test(text) || url.test(text);
  node.type = isPlain ? Scalar.PLAIN : Scalar.QUOTE_DOUBLE;
  return node;
}

/** The node of a value: on one line where `isFlow`, and so every list of texts that is short. */
export function yamlNode(value: Written, isFlow = false): Node {
  if (typeof value === 'string') return textNode(value);
  if (typeof value === 'number') return new Scalar(value);
  if (isList(value)) {
    const list = new YAMLSeq();
    list.flow = isFlow || (value.length <= 2 && value.every((item) => typeof item === 'string'));
    list.items = value.map((item) => yamlNode(item, isFlow));
    return list;
  }
  const map = new YAMLMap();
  map.flow = isFlow;
  map.items = Object.entries(value).map(([key, item]) => new Pair(textNode(key), yamlNode(item, isFlow)));
  return map;
}

function isList(value: Written): value is readonly Written[] {
  return Array.isArray(value);
}

/** A document, key by key in their order. */
export function writeYaml(value: Written): string {
  return new Document(yamlNode(value)).toString(yamlStyle);
}

/** A value on one line, to stand in a text: `{env: production}`, `[a, "1"]`. */
export function inlineYaml(value: Written): string {
  return new Document(yamlNode(value, true)).toString(yamlStyle).trimEnd();
}
