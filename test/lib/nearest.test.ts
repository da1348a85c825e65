import { expect, test } from 'vitest';
import { findNearest } from '../../src/lib/nearest.ts';

const keys = ['targets', 'tags', 'run', 'Task', 'notBefore', 'notAfter'];

test.each([
  ['target', 'targets'],
  ['tagets', 'targets'],
  ['TARGETS', 'targets'],
  ['Tsak', 'Task'],
  ['rum', 'run'],
  ['notbefore', 'notBefore'],
  ['not_after', 'notAfter'],
  ['schedule', undefined],
  ['x', undefined],
  ['', undefined],
  ['t'.repeat(65), undefined],
])('%j is near %s', (word, expected) => {
  expect(findNearest(word, keys)).toBe(expected);
});
