/** `spec.after` over a tree: names that nobody has, and tasks that wait for themselves. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readFiles, yaml } from '../plan/stage.ts';

const task = (name: string, after: readonly string[] = [], fleet = 'lab'): string =>
  yaml({ name, fleet, spec: after.length === 0 ? [] : [`after: [${after.join(', ')}]`] });

/** Each task in a file of its own, by its name. */
function tree(tasks: Readonly<Record<string, readonly string[]>>) {
  const files = Object.entries(tasks).map(
    ([name, after]) => [`tasks/${name}.yaml`, task(name, after)] as const,
  );
  return readFiles(Object.fromEntries(files));
}

const told = (desired: ReturnType<typeof tree>): string[] =>
  desired.problems.map(({ code, place, message, hint }) => `${place.path} ${code}: ${message}; ${hint}`);

describe('spec.after', () => {
  it('names tasks of the same fleet, in any order, wherever they stand', () => {
    const desired = tree({ a: ['b', 'c'], b: ['c'], c: [], d: ['a'] });
    expect(desired.problems).toEqual([]);
    expect(desired.tasks.get('lab/a')?.manifest.after).toEqual(['b', 'c']);
    expect(desired.tasks.get('lab/c')?.manifest.after).toEqual([]);
  });

  it('is no part of the revision, and part of the document', () => {
    const [plain, after] = [[], ['b']].map((names) => tree({ a: names, b: [] }).tasks.get('lab/a')?.manifest);
    expect(after?.token).toBe(plain?.token);
    expect(after?.digest).not.toBe(plain?.digest);
  });

  it('of a name that nobody has is an error, with the near miss', () => {
    const desired = tree({ 'reboot-aurora': [], unlock: ['reboot-arora'], other: ['zzz'] });
    expect(told(desired)).toEqual([
      'tasks/other.yaml SG1302: lab/other comes after zzz, which no manifest of fleet lab is named; name tasks that are in the source; where one is done and removed, take it out of spec.after',
      'tasks/unlock.yaml SG1302: lab/unlock comes after reboot-arora, which no manifest of fleet lab is named; did you mean reboot-aurora?',
    ]);
    expect([...desired.tasks.keys()]).toEqual(['lab/reboot-aurora']);
    expect([...desired.frozen].sort()).toEqual(['lab/other', 'lab/unlock']);
  });

  it('of a name in another fleet is one, too', () => {
    const desired = readFiles({ 'a.yaml': task('a', ['b']), 'b.yaml': task('b', [], 'sea') });
    expect(desired.problems.map(({ code }) => code)).toEqual(['SG1302']);
  });

  it('of a name whose manifest has errors is none: its task waits', () => {
    const files = {
      'a.yaml': task('a', ['b', 'c', 'd']),
      'b.yaml': task('b').replace('reboot', 'explode'),
      'c.yaml': `${task('c')}---\n${task('c')}`,
      'd.yaml': `{ ${task('d')}`,
    };
    expect([...readFiles(files).tasks.keys()]).toEqual(['lab/a']);
  });

  it.each([
    [{ a: ['a'] }, ['a'], 'lab/a comes after itself'],
    [{ a: ['b'], b: ['a'], c: ['a'] }, ['a', 'b'], 'lab/a waits for itself: a after b after a'],
    [
      { a: ['b'], b: ['c'], c: ['d', 'a'], d: [] },
      ['a', 'b', 'c'],
      'lab/a waits for itself: a after b after c after a',
    ],
  ])('in a circle is an error of all in it, and of nobody else: %j', (tasks, circle, message) => {
    const desired = tree(tasks);
    expect(desired.problems.map(({ code, place }) => `${code} ${place.path}`)).toEqual(
      circle.map((name) => `SG1303 tasks/${name}.yaml`),
    );
    expect(desired.problems[0]?.message).toBe(message);
    expect([...desired.frozen].sort()).toEqual(circle.map((name) => `lab/${name}`));
  });

  it('agrees with a walk from every task', () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const graph = fc.record(
      Object.fromEntries(names.map((name) => [name, fc.subarray(names)])) as Record<
        string,
        fc.Arbitrary<string[]>
      >,
    );
    fc.assert(
      fc.property(graph, (tasks) => {
        const reaches = (from: string, to: string): boolean => {
          const seen = new Set<string>();
          const next = [...(tasks[from] ?? [])];
          for (let name = next.pop(); name !== undefined; name = next.pop()) {
            if (name === to) return true;
            if (!seen.has(name)) next.push(...(tasks[name] ?? []));
            seen.add(name);
          }
          return false;
        };
        const circular = names.filter((name) => reaches(name, name));
        expect([...tree(tasks).frozen].sort()).toEqual(circular.map((name) => `lab/${name}`));
      }),
      { numRuns: 300 },
    );
  });

  it('may be a chain as long as the source', () => {
    const count = 5_000;
    const links = Array.from({ length: count }, (_, index) =>
      task(`t${index}`, index === 0 ? [] : [`t${index - 1}`]),
    );
    const open = readFiles(Object.fromEntries(links.map((text, index) => [`t${index}.yaml`, text])));
    expect(open.problems).toEqual([]);
    const closed = readFiles(
      Object.fromEntries(
        [...links.slice(1), task('t0', [`t${count - 1}`])].map((text, index) => [`t${index}.yaml`, text]),
      ),
    );
    expect(closed.problems).toHaveLength(count);
    expect(closed.problems[0]?.message.length).toBeLessThan(300);
  });
});
