/** `snowgate new task`: manifests that are right, names that are free, devices that are counted once. */
import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { manifestText, splitDraft, type TaskDraft } from '../../src/cli/manifest-text.ts';
import { defaultLimits } from '../../src/cli/manifests.ts';
import { parseTargetList } from '../../src/cli/target-list.ts';
import { readDocuments } from '../../src/lib/document.ts';
import { parseManifestFile } from '../../src/manifest/parse.ts';
import { type Folder, makeFolder, removeFolders, taskText } from './folder.ts';
import { leastFlags, treeOf } from './init-world.ts';
import { type Ran, run } from './terminal.ts';

let folder: Folder = makeFolder();
afterEach(removeFolders);

const config = `apiVersion: snowgate/v1
kind: Controller
source: {url: "https://git.example.com/tasks"}
ledger: {url: "https://git.example.com/ledger"}
fleets:
  lab: {region: us-west-2, account: "111122223333"}
`;
const least = ['--command', 'reboot', '--targets', 'smd-a', '--name', 'reboot-a'];

function newTask(argv: readonly string[], stdin?: string): Promise<Ran> {
  return run(['new', 'task', ...argv], { cwd: folder.dir, ...(stdin === undefined ? {} : { stdin }) });
}

const textOf = (path: string): string => readFileSync(join(folder.dir, path), 'utf8');
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `smd-${index + 1}`);

describe('one task', () => {
  it('is written as it was said, and told with its token', async () => {
    folder = makeFolder({ 'snowgate.yaml': config, 'tasks/b.yaml': taskText('unlock-b') });
    const flags = ['--reason', "don't: stop #1", '--annotation', 'change=CHG1=2', '--label', 'site=aurora'];
    const times = ['--not-before', '2026-11-27T22:00:00+01:00', '--not-after', '2026-11-28T04:00:00+01:00'];
    const more = ['--tag', 'owner=0123', '--tag', 'a:b=yes', '--description', 'Reboot, once!', '--run', '2'];
    const { exit, stdout, stderr } = await newTask([
      ...least,
      ...flags,
      ...times,
      ...more,
      '--after',
      'unlock-b',
    ]);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(textOf('tasks/reboot-a.yaml')).toBe(`apiVersion: snowgate/v1
kind: Task
metadata:
  name: reboot-a
  labels:
    site: aurora
  annotations:
    reason: "don't: stop #1"
    change: "CHG1=2"
spec:
  fleet: lab
  command: reboot
  targets: [smd-a]
  description: "Reboot, once!"
  tags:
    owner: "0123"
    "a:b": "yes"
  run: 2
  notBefore: 2026-11-27T22:00:00+01:00
  notAfter: 2026-11-28T04:00:00+01:00
  after: [unlock-b]
`);
    const token = await run(['token', 'tasks/b.yaml', 'tasks/reboot-a.yaml'], { cwd: folder.dir });
    expect(stdout.split('\n').slice(0, 2)).toEqual([
      'tasks/reboot-a.yaml written',
      `  ${token.stdout.split('\n')[1]}`,
    ]);
    expect((await run(['validate', 'tasks'], { cwd: folder.dir })).exit).toBe(0);
  });

  it('stands where the fleets and the flags say, and names the schema that is there', async () => {
    folder = makeFolder();
    const cwd = folder.dir;
    await run(['init', ...leastFlags, '--fleet', 'lab:us-west-2:111122223333'], { cwd });
    const told = await newTask([...least, '--fleet', 'lab', '--format', 'json']);
    expect(JSON.parse(told.stdout)).toMatchObject({
      path: 'tasks/lab/reboot-a.yaml',
      tasks: [{ fleet: 'lab', name: 'reboot-a', targets: ['smd-a'] }],
    });
    const [first = ''] = textOf('tasks/lab/reboot-a.yaml').split('\n');
    expect(first).toBe('# yaml-language-server: $schema=../../.snowgate/schemas/task.schema.json');
    const schema = first.slice(first.indexOf('=') + 1);
    expect(existsSync(join(folder.dir, 'tasks/lab', schema))).toBe(true);
    const there = ['--fleet', 'lab', '--name', 'b', '--dir', 'tasks/deep/er'];
    expect((await newTask([...least, ...there])).exit).toBe(0);
    const elsewhere = await newTask([...least, '--fleet', 'lab', '--name', 'c', '--file', 'drafts/c.yml']);
    expect([elsewhere.exit, elsewhere.stderr]).toEqual([0, expect.stringContaining('is not there')]);
    expect(treeOf(join(folder.dir, 'tasks'))).toEqual([
      'deep/er/b.yaml',
      'first-task.yaml.example',
      'lab/reboot-a.yaml',
    ]);
    expect((await run(['validate', 'tasks', 'drafts'], { cwd })).stdout).toContain(
      '3 valid tasks: no problems',
    );
  });

  it('is written although the configuration has errors, which is said', async () => {
    folder = makeFolder({ 'snowgate.yaml': config.replace('us-west-2', 'nowhere'), 'tasks/.gitkeep': '' });
    const ran = await newTask([...least, '--fleet', 'anybody']);
    expect([ran.exit, ran.stderr]).toEqual([0, expect.stringContaining('note: snowgate.yaml has errors')]);
  });
});

describe('any text that a manifest may hold', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.constantFrom(
      ...[
        '',
        ' ',
        'a ',
        ' a',
        'null',
        'Null',
        '~',
        'true',
        'no',
        'NO',
        'y',
        '0',
        '0123',
        '1_000',
        '1e400',
        '.inf',
      ],
      ...[
        '0x1f',
        '0b1',
        '012:30',
        '2026-11-27',
        '2026-11-27T22:00:00Z',
        '<<',
        '=',
        '-',
        '- a',
        '?',
        '? a',
        ': a',
      ],
      ...[
        'a: b',
        'a #b',
        '#a',
        '&a',
        '*a',
        '!a',
        '|',
        '>',
        '%a',
        '@a',
        '`a',
        '---',
        '...',
        '{a}',
        '[a',
        'a\nb',
      ],
      ...["it's", '"', '\\', '\\x41', 'a\tb', '\u00e9', '\u2028', '\ufeff', '\u{1f600}', 'x'.repeat(1024)],
      `${'word '.repeat(30)}\n\n${'word '.repeat(30)}`,
    ),
  );
  const keys = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9_./-]{0,10}[A-Za-z0-9])?$/),
    fc.constantFrom('1', '1.5', '0x1', 'true', 'null', 'no', 'y', 'constructor', '1e3', '2026-11-27'),
  );
  const tagTexts = fc.oneof(
    fc.stringMatching(/^[\p{L}\p{N} _.:/=+@-]{0,20}$/u),
    fc.constantFrom('a: b', '- a', ':', '=', '- ', '0b1', '+1', '@a', '1:30', '.5', '-.inf', '  '),
  );

  it('comes back from the gate as it was', () => {
    const refused = { count: 0 };
    fc.assert(
      fc.property(
        fc.dictionary(keys, texts, { maxKeys: 4 }),
        fc.dictionary(
          tagTexts.filter((text) => text !== ''),
          tagTexts,
          { maxKeys: 3 },
        ),
        (annotations, tags) => {
          const document = draftWith({ annotations, tags });
          const [read] = documentsOf(manifestText([document], null));
          // Characters that the gate lets nobody write, and keys that it lets nobody use.
          const isWritable = documentsOf(JSON.stringify({ annotations, tags }))[0]?.ok === true;
          if (!isWritable) refused.count += 1;
          expect(read?.ok).toBe(isWritable);
          if (read?.ok !== true) return;
          const { metadata, spec } = read.value as unknown as Record<string, Record<string, unknown>>;
          expect(metadata?.['annotations'] ?? {}).toEqual(annotations);
          expect(spec?.['tags'] ?? {}).toEqual(tags);
        },
      ),
      { numRuns: 400 },
    );
    expect(refused.count).toBeLessThan(350);
  });
});

function documentsOf(text: string) {
  const read = readDocuments(Buffer.from(text), defaultLimits);
  return read.ok ? read.documents : [];
}

function draftWith(change: Partial<TaskDraft>): TaskDraft {
  const empty = { labels: {}, annotations: {}, tags: {}, after: [] };
  return { name: 'row', fleet: 'lab', command: 'reboot', targets: ['smd-1'], ...empty, ...change };
}

describe('a list of devices', () => {
  it('becomes as many tasks as it needs, each device once, each task after the one before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 10 }),
        fc.boolean(),
        (count, perTask, isChained) => {
          const drafts = splitDraft(draftWith({ targets: ids(count), after: ['before'] }), {
            perTask,
            isChained,
          });
          expect(drafts.flatMap(({ targets }) => targets)).toEqual(ids(count));
          expect(drafts).toHaveLength(Math.ceil(count / perTask));
          for (const [index, { name, targets, after }] of drafts.entries()) {
            expect(targets.length).toBeLessThanOrEqual(perTask);
            expect(name).toBe(drafts.length === 1 ? 'row' : `row-${index + 1}`);
            expect(after).toEqual(isChained && index > 0 ? [`row-${index}`] : ['before']);
          }
          const limits = { ...defaultLimits, documentsPerFile: 300 };
          expect(parseManifestFile(Buffer.from(manifestText(drafts, null)), limits).problems).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is read from a file and from standard input alike, with its comments', async () => {
    const list = `\ufeff# ships\r\n${ids(12).join('  # a ship\r\n')}\r\n\r\n`;
    folder = makeFolder({ 'snowgate.yaml': config, 'list.txt': list, 'tasks/.gitkeep': '' });
    const flags = ['--command', 'unlock', '--name', 'all'];
    expect((await newTask([...flags, '--targets-from', 'list.txt'])).exit).toBe(0);
    const file = textOf('tasks/all.yaml');
    const second = ['--targets-from', '-', '--file', 'tasks/all-in.yaml', '--name', 'in', '--no-chain'];
    expect((await newTask([...flags, ...second], list)).exit).toBe(0);
    expect(file).toContain('  after: [all-1]\n');
    expect(textOf('tasks/all-in.yaml')).toBe(file.replaceAll('all-', 'in-').replace('  after: [in-1]\n', ''));
    expect((await run(['validate'], { cwd: folder.dir })).stdout).toContain('4 valid tasks');
  });

  it('is told each line that is wrong, and nothing is written', async () => {
    folder = makeFolder({ 'snowgate.yaml': config, 'tasks/.gitkeep': '' });
    const list = `smd-1\n  smd_2 # x\n\nsmd-3 smd-4\nsmd-1\n${'x'.repeat(65)}\n\u001b[31m`;
    const { exit, stdout, stderr } = await newTask(
      ['--command', 'unlock', '--name', 'a', '--targets-from', '-'],
      list,
    );
    const lines = stderr.split('\n').filter((line) => line.includes('SG7082'));
    expect(lines).toEqual([
      'standard input:2:3: error SG7082: smd_2 is no device id',
      'standard input:4:1: error SG7082: smd-3 smd-4 is no device id',
      'standard input:5:1: error SG7082: smd-1 stands in line 1 already',
      `standard input:6:1: error SG7082: ${'x'.repeat(65)} is no device id`,
      'standard input:7:1: error SG7082: \\u{1b}[31m is no device id',
    ]);
    expect({ exit, stdout, tree: treeOf(folder.dir) }).toEqual({
      exit: 2,
      stdout: '',
      tree: ['snowgate.yaml', 'tasks/.gitkeep'],
    });
  });

  it('is bounded in what it tells, and in what it takes', async () => {
    const { problems } = parseTargetList('a_b\n'.repeat(5_000), 'x');
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)?.message).toBe('and 4980 more lines that are wrong, which are not shown');
    folder = makeFolder({ 'snowgate.yaml': config, 'tasks/.gitkeep': '' });
    const rows: [string, string][] = [
      ['# nobody\n', 'standard input names no device'],
      [ids(1001).join('\n'), 'standard input names 1001 devices; at most 1000 go into one file'],
      [`#${'x'.repeat(300_000)}`, 'standard input is longer than 262144 bytes'],
    ];
    for (const [list, message] of rows) {
      const { exit, stderr } = await newTask(
        ['--command', 'unlock', '--name', 'a', '--targets-from', '-'],
        list,
      );
      expect([exit, stderr.split('\n')[0]]).toEqual([2, `error SG7083: ${message}`]);
    }
    const most = await newTask(
      ['--command', 'unlock', '--name', 'a', '--targets-from', '-'],
      ids(1000).join('\n'),
    );
    expect(most.exit).toBe(0);
    expect((await run(['validate', 'tasks'], { cwd: folder.dir })).stdout).toBe(
      '1 file, 100 valid tasks: no problems\n',
    );
  });
});

describe('nothing is written', () => {
  const rows: [string[], number, string, string?][] = [
    [
      [],
      2,
      'SG7001: nobody can be asked here, and there is no --command unlock|reboot, no --targets IDS, no --name NAME',
    ],
    [[...least, '--fleet', 'labb'], 2, 'SG7022: fleet labb is not in snowgate.yaml', 'did you mean lab?'],
    [[...least, '--name', 'unlock-b'], 2, 'SG1301: lab/unlock-b is in tasks/b.yaml:1 already'],
    [[...least, '--name', 'broken'], 2, 'SG1301: lab/broken is in a file with errors already'],
    [[...least, '--after', 'unlock-c'], 2, 'SG1302: ', 'unlock-'],
    [[...least, '--name', 'Reboot A'], 2, 'SG1105: metadata.name'],
    [[...least, '--name', '../../etc'], 2, 'SG1105: metadata.name'],
    [[...least, '--description', 'An x-ray'], 2, 'SG1105: spec.description'],
    [[...least, '--tag', 'aws:x=1'], 2, 'SG1208: '],
    [[...least, '--tag', '__proto__=1'], 2, 'SG1016: '],
    [[...least, '--not-before', 'tonight'], 2, 'SG1207: '],
    [[...least, '--run', '0'], 2, 'SG1107: spec.run is 0'],
    [[...least, '--run', '1.5'], 2, 'SG7001: --run 1.5: this is no whole number'],
    [[...least, '--label', 'site'], 2, 'SG7001: --label site: this is not KEY=VALUE'],
    [
      [...least, '--reason', 'a', '--annotation', 'reason=b'],
      2,
      'SG7001: --annotation reason=b: reason is given twice',
    ],
    [
      [...least, '--targets', ids(11).join()],
      2,
      'SG7001: --targets names 11 devices; AWS takes 10 in a task',
      '--targets-from',
    ],
    [[...least, '--targets', 'smd-a,smd-a'], 2, 'SG1'],
    [
      [...least, '--targets-from', 'x'],
      2,
      "SG7001: option '--targets <ids>' cannot be used with option '--targets-from",
    ],
    [[...least, '--per-task', '11'], 2, 'SG7001: --per-task 11: AWS takes 1 to 10 devices in a task'],
    [
      [...least, '--file', '../x.yaml'],
      2,
      'SG7001: ../x.yaml: this is no file below the folder in which you are',
    ],
    [[...least, '--file', 'tasks/x.txt'], 2, 'SG7001: tasks/x.txt: manifests are files .yaml or .yml'],
    [[...least, '--file', 'tasks/b.yaml'], 1, 'SG7080: nothing was written'],
    [[...least, '--file', 'link/x.yaml'], 1, 'SG7080: nothing was written'],
    [
      ['--command', 'rebot'],
      2,
      "SG7001: option '--command <command>' argument 'rebot' is invalid",
      'did you mean reboot?',
    ],
  ];
  it.each(rows)('for %j', async (argv, exit, message, hint = '') => {
    folder = makeFolder({
      'snowgate.yaml': config,
      'tasks/b.yaml': taskText('unlock-b'),
      'tasks/broken.yaml': taskText('broken', { run: 0 }),
    });
    const outside = makeFolder();
    symlinkSync(outside.dir, join(folder.dir, 'link'));
    const before = treeOf(folder.dir);
    const ran = await newTask(argv);
    expect(ran.stderr).toContain(`error ${message}`);
    expect(ran.stderr).toContain(hint);
    expect([ran.exit, ran.stdout, treeOf(folder.dir), treeOf(outside.dir)]).toEqual([exit, '', before, []]);
  });

  it('in a folder that is no task repository, unless the file is named', async () => {
    folder = makeFolder();
    const ran = await newTask([...least, '--fleet', 'lab']);
    expect([ran.exit, ran.stderr]).toEqual([
      2,
      expect.stringContaining('neither snowgate.yaml nor a folder tasks'),
    ]);
    expect(treeOf(folder.dir)).toEqual([]);
    expect((await newTask([...least, '--fleet', 'lab', '--file', 'a.yaml'])).exit).toBe(0);
  });

  it('where the number makes the name too long', async () => {
    folder = makeFolder({ 'snowgate.yaml': config, 'tasks/.gitkeep': '' });
    const argv = ['--command', 'unlock', '--name', 'a'.repeat(62), '--targets-from', '-'];
    const ran = await newTask(argv, ids(11).join('\n'));
    expect([ran.exit, ran.stderr]).toEqual([2, expect.stringContaining('63')]);
    expect((await newTask(argv, ids(10).join('\n'))).exit).toBe(0);
  });
});
