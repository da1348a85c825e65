/** One of each kind goes through in so long, and says how many did not. */
import { expect, it } from 'vitest';
import { Sieve } from '../../src/lib/sieve.ts';

it('lets the first of each kind through, and then one in so long with the number of the others', () => {
  const sieve = new Sieve(1_000);
  expect(sieve.take('a', 0)).toBe(0);
  expect(sieve.take('a', 500)).toBeNull();
  expect(sieve.take('b', 600)).toBe(0);
  expect(sieve.take('a', 999)).toBeNull();
  expect(sieve.take('a', 1_000)).toBe(2);
  expect(sieve.take('a', 1_999)).toBeNull();
  expect(sieve.take('a', 9_000)).toBe(1);
  expect(sieve.take('a', 20_000)).toBe(0);
});
