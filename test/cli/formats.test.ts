/** The three commands that check something, on one repository, in every format. */
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planSchema } from '../../src/report/plan-schema.ts';
import { policyTestRunSchema } from '../../src/report/policy-test-run-schema.ts';
import { reportFormats } from '../../src/report/report.ts';
import { validationSchema } from '../../src/report/validation-schema.ts';
import { readCommands } from '../report/command-reader.ts';
import { readMarkdown } from '../report/markdown-reader.ts';
import { readSarif } from '../report/sarif-reader.ts';
import { readXml, type XmlElement } from '../report/xml-reader.ts';
import { removeFolders, taskText } from './folder.ts';
import { policyText, windowText } from './policy-texts.ts';
import { makeStage, type Stage, takeTestCredentials } from './stage.ts';
import type { Ran } from './terminal.ts';

takeTestCredentials();

const other = 'smd-o3uuq2sllugi7pnu';
const change = '{name: change, require: "\\"change\\" in task.annotations", message: "it names its @change"}';
const policies = [
  policyText('shut', '{name: night, window: night, message: by night}', '{names: [later]}'),
  policyText('change', change, '{commands: [reboot]}'),
].join('---\n');
const window = windowText('night', '{from: 2099-01-01T22:00, to: 2099-01-02T04:00}');
const tests = `apiVersion: snowgate/v1
kind: PolicyTest
metadata: {name: changes}
spec:
  given: {task: {fleet: lab, command: reboot, targets: [${other}]}, now: 2098-12-01T00:00:00Z}
  cases:
    - {name: no change, expect: {verdict: deny, rule: change/change}}
    - {name: "::error::a [change](x)", task: {annotations: {change: "1"}}, expect: {verdict: deny}}
`;
const files = {
  'tasks/a.yaml': taskText('now'),
  'tasks/b.yaml': taskText('later', { targets: [other] }),
  'tasks/c.yaml': taskText('bare', { targets: [other], command: 'reboot' }),
  'tasks/d%0A,::e.yaml': taskText('broken', { run: 0 }),
  'policies/w.yaml': window,
  'policies/p.yaml': policies,
  'policies/c.test.yaml': tests,
};

let stage: Stage;
beforeAll(async () => {
  stage = await makeStage(files);
  await stage.begin();
});
afterAll(async () => {
  await stage.close();
  removeFolders();
});

const commands = ['validate', 'policy test', 'plan'];

function runOn(command: string, ...flags: string[]): Promise<Ran> {
  const cwd = command === 'plan' ? stage.dir : join(stage.dir, 'source');
  return stage.run([...command.split(' '), ...flags], { cwd });
}

/** Every text that a reader of the format gets to see. */
const readers = {
  markdown: (text: string) => readMarkdown(text).map((node) => node.text),
  sarif: (text: string) => {
    const { results, notifications } = readSarif(text);
    return [...results, ...notifications].map(({ message }) => message);
  },
  junit: (text: string) => {
    const textsOf = (element: XmlElement): string[] => {
      return [...Object.values(element.attributes), element.text, ...element.children.flatMap(textsOf)];
    };
    return textsOf(readXml(text));
  },
  github: (text: string) =>
    readCommands(text).flatMap(({ properties, message }) => [properties['file'] ?? '', message]),
  gitlab: (text: string) =>
    (JSON.parse(text) as { description: string }[]).map(({ description }) => description),
};

const told: Readonly<Record<string, readonly RegExp[]>> = {
  validate: [/spec\.run/],
  'policy test': [/^(changes: |.* changes: |)::error::a \[change\\?\]\(x\)/, /shut\/night/],
  plan: [/spec\.run/, /lab\/bare|^lab\/bare$/, /change\/change: it names its @change/],
};

describe.each(commands)('%s', (command) => {
  let text: Ran;
  beforeAll(async () => {
    text = await runOn(command);
  });

  it.each(reportFormats)('as %s: the same exit code, all on stdout, every finding', async (format) => {
    const ran = await runOn(command, '--format', format);
    expect({ exit: ran.exit, stderr: ran.stderr }).toEqual({ exit: text.exit, stderr: '' });
    expect(ran.exit).toBe(1);
    const texts = readers[format](ran.stdout);
    for (const words of told[command] ?? []) expect(texts).toContainEqual(expect.stringMatching(words));
  });

  it('refuses another format, and names the nearest', async () => {
    const { exit, stdout, stderr } = await runOn(command, '--format', 'marcdown');
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(stderr).toContain(
      'did you mean markdown? It is text, json, markdown, sarif, junit, github or gitlab',
    );
  });
});

describe('the places', () => {
  it('of a plan are those of the manifests and of what is wrong in them', async () => {
    const { stdout } = await runOn('plan', '--format', 'github');
    expect(
      readCommands(stdout).map(({ name, properties: { file, line } }) => ({ name, file, line })),
    ).toEqual([
      { name: 'error', file: 'tasks/d%0A,::e.yaml', line: '9' },
      { name: 'error', file: 'tasks/c.yaml', line: '1' },
      { name: 'error', file: undefined, line: undefined },
      { name: 'warning', file: 'tasks/b.yaml', line: '1' },
      { name: 'notice', file: undefined, line: undefined },
    ]);
  });

  it('are written as those of a URI in SARIF', async () => {
    const { stdout } = await runOn('validate', '--format', 'sarif');
    expect(readSarif(stdout).results.map(({ uri }) => uri)).toEqual([
      'tasks/d%250A%2C%3A%3Ae.yaml',
      'policies/w.yaml',
    ]);
  });
});

describe('JUnit counts', () => {
  const casesOf = async (command: string, ...flags: string[]) => {
    const { children } = readXml((await runOn(command, '--format', 'junit', ...flags)).stdout);
    return children
      .flatMap((suite) => suite.children)
      .map(({ attributes, children: [outcome] }) => {
        return `${attributes['classname']} ${attributes['name']}: ${outcome?.name ?? 'passed'}`;
      });
  };

  it('the files of a work tree', async () => {
    expect(await casesOf('validate')).toEqual([
      'tasks tasks/a.yaml: passed',
      'tasks tasks/b.yaml: passed',
      'tasks tasks/c.yaml: passed',
      'tasks tasks/d%0A,::e.yaml: failure',
      'policies policies/p.yaml: passed',
      'policies policies/w.yaml: passed',
    ]);
  });

  it('the tasks of a plan, skipped where they wait', async () => {
    expect(await casesOf('plan')).toEqual([
      'tasks tasks/d%0A,::e.yaml: failure',
      'lab lab/bare: failure',
      'lab lab/broken: failure',
      'lab lab/later: skipped',
      'lab lab/now: passed',
    ]);
  });

  it('the cases of policy tests, and the rules that they prove', async () => {
    const cases = ['changes no change: passed', 'changes ::error::a [change](x): failure'];
    const rules = ['rules change/change: passed', 'rules shut/night: '];
    expect(await casesOf('policy test')).toEqual([...cases, rules[0], `${rules[1]}skipped`]);
    expect(await casesOf('policy test', '--require-proof')).toEqual([
      ...cases,
      rules[0],
      `${rules[1]}failure`,
    ]);
  });
});

describe('JSON', () => {
  const check = (schema: object, document: string): unknown => {
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    const validate = ajv.compile(schema);
    const value = JSON.parse(document);
    expect(validate(value), JSON.stringify(validate.errors)).toBe(true);
    expect(Object.keys(value).slice(0, 2)).toEqual(['apiVersion', 'kind']);
    return value;
  };

  it.each([
    ['validate', validationSchema, []],
    ['policy test', policyTestRunSchema, []],
    ['policy test', policyTestRunSchema, ['--require-proof']],
    ['plan', planSchema, []],
    ['plan', planSchema, ['--explain', 'bare']],
    ['plan', planSchema, ['--explain', 'later']],
    ['plan', planSchema, ['--explain', 'broken']],
  ])('of %s follows its schema', async (command, schema, flags) => {
    const { exit, stdout } = await runOn(command, '--format', 'json', ...flags);
    expect(exit).toBe(flags.includes('later') ? 0 : 1);
    check(schema, stdout);
  });

  it('holds nothing that its schema does not name', () => {
    const walk = (node: unknown, path: string): void => {
      if (typeof node !== 'object' || node === null) return;
      if ('properties' in node) expect(node, path).toMatchObject({ additionalProperties: false });
      for (const [key, value] of Object.entries(node)) walk(value, `${path}.${key}`);
    };
    for (const schema of [validationSchema, policyTestRunSchema, planSchema]) walk(schema, '');
  });
});

describe('plan --explain', () => {
  it.each(reportFormats)('is not written as %s', async (format) => {
    const { exit, stdout, stderr } = await runOn('plan', '--explain', 'bare', '--format', format);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
    expect(stderr).toContain(`error SG7001: --explain is written as text or json, and not as ${format}\n`);
  });
});
