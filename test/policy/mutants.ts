/** Documents that are almost right: sound ones with something changed in some places. */
import fc from 'fast-check';
import type { JsonValue } from '../../src/lib/document-yaml.ts';

/** A change somewhere in a value: the step that leads there is chosen by the number, as are the place and the change. */
interface Change {
  readonly at: number;
  readonly kind: 'replace' | 'remove' | 'add' | 'repeat' | 'lengthen' | 'swap';
  readonly odd: JsonValue;
  readonly times: number;
}

type Parent = { [key: string]: JsonValue } | JsonValue[];

function placesOf(value: JsonValue): { parent: Parent; key: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const parent = value as Parent;
  return Object.entries(parent).flatMap(([key, child]) => [{ parent, key }, ...placesOf(child as JsonValue)]);
}

function change(value: JsonValue, { at, kind, odd, times }: Change): void {
  const places = placesOf(value);
  const place = places[at % Math.max(1, places.length)];
  if (place === undefined) return;
  const { parent, key } = place;
  const here = parent as { [key: string]: JsonValue };
  const old = here[key] as JsonValue;
  if (kind === 'replace') here[key] = structuredClone(odd);
  else if (kind === 'swap') {
    const other = places[(at * 31 + times) % places.length];
    if (other !== undefined)
      here[key] = structuredClone((other.parent as typeof here)[other.key] as JsonValue);
  } else if (kind === 'remove') {
    if (Array.isArray(parent)) parent.splice(Number(key), 1);
    else delete here[key];
  } else if (kind === 'add') {
    if (Array.isArray(old)) old.push(structuredClone(odd));
    else if (typeof old === 'object' && old !== null) {
      (old as typeof here)[typeof odd === 'string' ? odd : 'more'] = structuredClone(odd);
    } else if (!Array.isArray(parent)) here['more'] = structuredClone(odd);
  } else if (kind === 'repeat') {
    const list = Array.isArray(old) ? old : Array.isArray(parent) ? parent : undefined;
    const one = list === old ? list?.[0] : old;
    if (list !== undefined && one !== undefined) {
      for (let count = 0; count < times; count += 1) list.unshift(structuredClone(one));
    }
  } else if (typeof old === 'string') here[key] = `${'😀'.repeat(times * 8)}${old}`;
}

const wrongEntry = { from: '2026-12-24T00:00', to: '2026-12-32T00:00' };
/** Its day never comes: that is a warning. */
export const neverEntry = { start: '0 0 30 2 *', duration: '1h' };
const odds: JsonValue[] = [
  '',
  'x',
  'UTC',
  '😀',
  '😀'.repeat(33),
  '😀'.repeat(64),
  '😀'.repeat(65),
  `${'😀'.repeat(300)}.ics`,
  'a.ics',
  'b.ics',
  '0m',
  '15m',
  '8d',
  '400d',
  'true',
  'task.nam == "x"',
  '2026-02-30T00:00:00Z',
  '2026-12-01T08:00:00-00:00',
  '2026-12-31T23:59:60Z',
  '2026-12-24T00:00',
  'cancel',
  'nights',
  0,
  1,
  1.5,
  true,
  null,
  [],
  {},
  [null],
  ['nights'],
  { anyOf: ['nights'] },
  { anyOf: [] },
  { ics: 'a.ics' },
  { ics: `${'😀'.repeat(300)}.ics` },
  { reason: 'x' },
  wrongEntry,
  neverEntry,
];

const changes = fc.array(
  fc.record<Change>({
    at: fc.nat({ max: 100_000 }),
    kind: fc.constantFrom<Change['kind']>('replace', 'remove', 'add', 'repeat', 'lengthen', 'swap'),
    odd: fc.constantFrom(...odds),
    times: fc.integer({ min: 1, max: 60 }),
  }),
  { maxLength: 4 },
);

/** A sound document with up to four changes in any places. */
export const mutants = (...bases: readonly JsonValue[]): fc.Arbitrary<JsonValue> =>
  fc.tuple(fc.constantFrom(...bases), changes).map(([base, all]) => {
    const value = structuredClone(base);
    for (const one of all) change(value, one);
    return value;
  });

/** The value with each oddity in each place, one at a time, and without each place. */
export function eachChange(base: JsonValue): JsonValue[] {
  const single = (at: number, kind: Change['kind'], odd: JsonValue): JsonValue => {
    const value = structuredClone(base);
    change(value, { at, kind, odd, times: 1 });
    return value;
  };
  const all = placesOf(base).flatMap((_place, at) => [
    single(at, 'remove', null),
    ...odds.map((odd) => single(at, 'replace', odd)),
    ...odds.map((odd) => single(at, 'add', odd)),
  ]);
  return [...new Map(all.map((value) => [JSON.stringify(value), value])).values()];
}
