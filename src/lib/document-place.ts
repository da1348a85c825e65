/**
 * Where a value stands in a document that the gate has accepted. `yaml` only points: what the document means was
 * decided before, and where the two parsers disagree, the nearest place that was found is given.
 */
import { loadPackage } from './deferred.ts';
import type { Spot } from './document-problem.ts';
import { spotAt } from './document-problem.ts';
import type { DocumentText } from './document-text.ts';

/** Keys and indices from the root of a document to a value. */
export type ValuePath = readonly (string | number)[];

/** Finds the value at a path, or its key; of what is not there, the nearest thing around it. */
export type Locate = (path: ValuePath, part?: 'key' | 'value') => Spot;

/** Parses again, and only at the first question: most documents have nothing to point at. */
export function createLocate(document: DocumentText): Locate {
  let contents: unknown;
  let isParsed = false;
  return (path, part = 'value') => {
    if (!isParsed) {
      contents = parseQuietly(document.text);
      isParsed = true;
    }
    const offset = findOffset(contents, path, part);
    if (offset === undefined) return { line: document.contentLine, column: 1 };
    return spotAt(document.text, offset, document.firstLine);
  };
}

function parseQuietly(text: string): unknown {
  try {
    return loadPackage('yaml').parseDocument(text, {
      schema: 'core',
      version: '1.2',
      merge: false,
      resolveKnownTags: false,
      // The gate has seen to it, and here it would cost the square of the number of keys.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    }).contents;
  } catch {
    // Nothing is decided here: without a place the problem is still reported, at the head of its document.
    return null;
  }
}

function findOffset(contents: unknown, path: ValuePath, part: 'key' | 'value'): number | undefined {
  const { isMap, isNode, isPair, isScalar, isSeq } = loadPackage('yaml');
  let node = contents;
  let offset = isNode(node) ? node.range?.[0] : undefined;
  for (const [depth, step] of path.entries()) {
    const isLast = depth === path.length - 1;
    if (isMap(node) && typeof step === 'string') {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === step);
      if (!isPair(pair)) return offset;
      const keyOffset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      if (isLast && part === 'key') return keyOffset;
      node = pair.value;
      offset = isNode(node) ? (node.range?.[0] ?? keyOffset) : keyOffset;
    } else if (isSeq(node) && typeof step === 'number') {
      node = node.items[step];
      if (!isNode(node)) return offset;
      offset = node.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}
