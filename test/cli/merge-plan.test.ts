/** Plans of merges on real repositories: what people do in a pull request, and what every format says of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planMerge } from '../../src/cli/merge-plan.ts';
import { formatJson } from '../../src/cli/print.ts';
import { formatReport } from '../../src/cli/report-text.ts';
import { mergeJson } from '../../src/report/merge-json.ts';
import { mergeReport } from '../../src/report/merge-report.ts';
import { mergePlanSchema } from '../../src/report/merge-schema.ts';
import { renderReport } from '../../src/report/rendering.ts';
import { reportFormats } from '../../src/report/report.ts';
import { removeFolders } from './folder.ts';
import { type MergeStage, makeMergeStage } from './merge-stage.ts';
import { stories } from './merge-stories.ts';
import { takeTestCredentials } from './stage.ts';
import { quietSurroundings } from './terminal.ts';

takeTestCredentials();

let world: MergeStage;

beforeAll(async () => {
  world = await makeMergeStage();
});

afterAll(async () => {
  await world.stage.close();
  removeFolders();
});

const formats = ['text', 'json', ...reportFormats] as const;

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
const followsSchema = ajv.compile(mergePlanSchema);

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

/** One plan, written in every format. */
async function writeAll(head: string): Promise<Map<string, string>> {
  const { world: around, stderr } = quietSurroundings([], { cwd: world.cwd });
  const planned = await planMerge({ ...world.options, head }, around);
  if (!planned.ok) throw new Error(stderr.text());
  const report = mergeReport(planned.value);
  const written = new Map([
    ['text', formatReport(report, around)],
    ['json', formatJson(mergeJson(planned.value), around)],
  ]);
  const way = { version: around.version, redact: (text: string) => text };
  for (const format of reportFormats) written.set(format, renderReport(format, report, way));
  return written;
}

describe.each(stories)('$name', ({ name, files, exit, says, tells }) => {
  let told = new Map<string, string>();

  beforeAll(async () => {
    world.branch(name, files);
    told = await writeAll(name);
  });

  it('says what happens to each task', async () => {
    const json: unknown = JSON.parse(told.get('json') ?? '');
    expect(followsSchema(json), JSON.stringify(followsSchema.errors)).toBe(true);
    const { tasks } = json as { tasks: readonly PlannedTask[] };
    expect(tasks.map(say).sort()).toEqual([...says].sort());
    const ran = await world.plan(name);
    expect([ran.exit, ran.stderr, ran.stdout]).toEqual([exit, '', told.get('text')]);
    for (const words of tells) expect(world.stable(ran.stdout)).toMatch(words);
  });

  it.each(formats)('is told in %s as before', (format) => {
    // Made of texts that name the day.
    const stable = world.stable(told.get(format) ?? '');
    const text =
      format === 'sarif' || format === 'gitlab' ? stable.replace(/"[0-9a-f]{32}(:\d+)?"/g, '"ID"') : stable;
    expectGolden(`${name}.${format}`, text);
  });
});
