/** Plans of merges on real repositories: what people do in a pull request, and what every format says of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeFolders } from './folder.ts';
import { type MergeStage, makeMergeStage } from './merge-stage.ts';
import { stories } from './merge-stories.ts';
import { takeTestCredentials } from './stage.ts';

takeTestCredentials();

let world: MergeStage;

beforeAll(async () => {
  world = await makeMergeStage();
});

afterAll(async () => {
  await world.stage.close();
  removeFolders();
});

const formats = ['text', 'json'] as const;

/** After a change: `UPDATE_GOLDEN=1 npx vitest run test/cli/merge-plan.test.ts` writes them. */
function expectGolden(name: string, text: string): void {
  const file = new URL(`./merge-golden/${name}`, import.meta.url);
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, text);
  expect(text).toBe(readFileSync(file, 'utf8'));
}

interface PlannedTask {
  readonly fleet: string;
  readonly name: string;
  readonly change: string;
  readonly decision: { readonly action: string } | null;
}

function say({ fleet, name, change, decision }: PlannedTask): string {
  return `${fleet}/${name} ${change} ${decision?.action ?? '-'}`;
}

describe.each(stories)('$name', ({ name, files, exit, says, tells }) => {
  const told = new Map<string, string>();

  beforeAll(async () => {
    world.branch(name, files);
    for (const format of formats) {
      const ran = await world.plan(name, '--format', format);
      expect([format, ran.exit, ran.stderr]).toEqual([format, exit, '']);
      told.set(format, world.stable(ran.stdout));
    }
  });

  it('says what happens to each task', () => {
    const { tasks } = JSON.parse(told.get('json') ?? '') as { tasks: readonly PlannedTask[] };
    expect(tasks.map(say).sort()).toEqual([...says].sort());
    for (const words of tells) expect(told.get('text')).toMatch(words);
  });

  it.each(formats)('is told in %s as before', (format) => {
    expectGolden(`${name}.${format}`, told.get(format) ?? '');
  });
});
