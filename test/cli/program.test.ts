import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { colorsFor } from '../../src/cli/print.ts';
import { reportBug } from '../../src/cli/program.ts';
import { makeFolder, removeFolders } from './folder.ts';
import { quietSurroundings, rememberingOutlet, run } from './terminal.ts';

afterEach(removeFolders);

describe('an empty path, such as an unset variable makes', () => {
  it.each([
    [['init', '', '--yes']],
    [['validate', 'tasks', '']],
    [['token', '']],
    [['policy', 'test', '']],
    [['policy', 'replay', '--since', '2026-11-01', '--path=']],
    [['window', 'explain', 'w', '--path', '']],
    [['new', 'task', '--targets-from', '']],
    [['new', 'task', '--dir', '']],
    [['new', 'task', '--file', '']],
    [['plan', '--config', '']],
    [['plan', '--base', 'x', '--ledger-token-file', '']],
    [['review', '--policy-token-file', '']],
    [['ledger', 'verify', '--planned', '']],
    [['simulate', '--keys', '']],
  ])('is refused by %j', async (argv) => {
    const { dir } = makeFolder();
    const ran = await run(argv, { cwd: dir });
    const stderr =
      'error SG7002: "" is no path\n  hint: name a file or folder; a variable of the shell may be empty\n';
    expect(ran).toEqual({ exit: 2, stdout: '', stderr });
    expect(readdirSync(dir)).toEqual([]);
  });

  it('is only what is called a path', async () => {
    expect((await run(['new', 'task', '--name', ''])).stderr).not.toContain('is no path');
  });
});

describe('wrong usage ends with 2 and names the near miss', () => {
  const rows: [string[], string, string][] = [
    [['valdate'], "unknown command 'valdate'", 'did you mean validate?'],
    [['ledger', 'lst'], "unknown command 'lst'", 'did you mean list?'],
    [['plan', '--confg', 'x'], "unknown option '--confg'", 'did you mean --config?'],
    [['simulate', '--lsten', 'x'], "unknown option '--lsten'", 'did you mean --listen?'],
    [
      ['plan', '--format', 'jsn'],
      "option '--format <format>' argument 'jsn' is invalid",
      'did you mean json? It is text, json, markdown, sarif, junit, github or gitlab',
    ],
    [
      ['run', '--log-level', 'wran'],
      "option '--log-level <level>' argument 'wran' is invalid",
      'did you mean warn? It is debug, info, warn or error',
    ],
    [
      ['run', '--log-level', 'loud'],
      "option '--log-level <level>' argument 'loud' is invalid",
      'it is debug, info, warn or error',
    ],
    [
      ['run', '--log-format', 'prety'],
      "option '--log-format <format>' argument 'prety' is invalid",
      'did you mean pretty? It is json or pretty',
    ],
    [['run', '--no-wait'], '--no-wait goes with --once', 'the controller itself waits for nothing'],
    [['help', 'vlidate'], "unknown command 'vlidate'", 'did you mean validate?'],
    [['help', 'nonsense'], "unknown command 'nonsense'", 'snowgate help lists the commands and their flags'],
    [
      ['--format', 'json', 'plan'],
      "unknown option '--format'",
      'flags come after the command: snowgate COMMAND --flag',
    ],
    [['token'], "missing required argument 'file'", 'snowgate help lists the commands and their flags'],
    [
      ['ledger', 'show', 'a', 'b'],
      "too many arguments for 'show'. Expected 1 argument but got 2",
      'snowgate help lists the commands and their flags',
    ],
    [
      ['ledger', 'init', '--baseline', '--issue-existing'],
      "option '--baseline' cannot be used with option '--issue-existing'",
      'snowgate help lists the commands and their flags',
    ],
    [
      ['ledger', 'resolve', 'a'],
      "required option '--reason <text>' not specified",
      'snowgate help lists the commands and their flags',
    ],
    [
      ['plan', '--config'],
      "option '--config <file>' argument missing",
      'snowgate help lists the commands and their flags',
    ],
    [['\u001b[31mx'], "unknown command '\\u{1b}[31mx'", 'snowgate help lists the commands and their flags'],
  ];
  it.each(rows)('%j', async (argv, message, hint) => {
    const { exit, stdout, stderr } = await run(argv);
    expect(stderr).toBe(`error SG7001: ${message}\n  hint: ${hint}\n`);
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
  });
});

describe('help', () => {
  it.each([[[]], [['ledger']]])(
    'is on stderr, with exit code 2, where a command is missing: %j',
    async (argv) => {
      const { exit, stdout, stderr } = await run(argv);
      expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' });
      expect(stderr).toContain('Usage: snowgate');
    },
  );

  it.each([
    [['--help']],
    [['help']],
    [['help', 'ledger']],
    [['ledger', '--help']],
    [['ledger', 'help', 'init']],
    [['help', 'run']],
  ])('is a result, with exit code 0, where it is asked for: %j', async (argv) => {
    const { exit, stdout, stderr } = await run(argv);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout).toContain('Usage: snowgate');
  });

  const commands = [
    [],
    ['validate'],
    ['token'],
    ['window'],
    ['window', 'explain'],
    ['policy'],
    ['policy', 'test'],
    ['policy', 'replay'],
    ['plan'],
    ['run'],
    ['demo'],
    ['ledger'],
    ['ledger', 'init'],
    ['ledger', 'resolve'],
  ];
  it.each(commands.map((words) => [words]))('fits a terminal of 80 columns: %j', async (words) => {
    const { stdout } = await run([...words, '--help'], { columns: 80 });
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it('names every command', async () => {
    const { stdout } = await run(['--help']);
    const named = [...stdout.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name);
    expect(named).toEqual([
      'init',
      'new',
      'doctor',
      'validate',
      'token',
      'window',
      'policy',
      'plan',
      'run',
      'review',
      'status',
      'drift',
      'ledger',
      'simulate',
      'demo',
      'help',
    ]);
  });
});

it('--version prints the version', async () => {
  expect(await run(['--version'])).toEqual({ exit: 0, stdout: 'snowgate 0.0.0-test\n', stderr: '' });
});

describe('a bug of ours', () => {
  it('is told in two lines, with exit code 70', () => {
    const { world, stderr } = quietSurroundings(['plan']);
    expect(reportBug(new TypeError('x is\nnot a function'), world)).toBe(70);
    expect(stderr.text().split('\n').slice(0, 1)).toEqual(['error SG7000: unexpected TypeError: x is']);
    expect(stderr.text()).not.toMatch(/^ +at /m);
  });

  it('shows its stack and its causes where SNOWGATE_DEBUG is set', () => {
    const { world, stderr } = quietSurroundings(['plan'], { env: { SNOWGATE_DEBUG: '1' } });
    reportBug(new Error('outer', { cause: new Error('inner') }), world);
    expect(stderr.text()).toMatch(/Error: outer\n\s+at /);
    expect(stderr.text()).toMatch(/caused by Error: inner\n\s+at /);
  });

  it('hides the secrets that were read', () => {
    const { world, stderr } = quietSurroundings(['plan']);
    world.redactor.register('canary-5f0c7a52', 'a file');
    reportBug(new Error('could not send canary-5f0c7a52'), world);
    expect(stderr.text()).toContain('could not send [redacted]');
  });
});

describe('colour', () => {
  const rows: [string, number, Record<string, string>, boolean][] = [
    ['is for terminals', 80, {}, true],
    ['is not for files', 0, {}, false],
    ['is refused by NO_COLOR', 80, { NO_COLOR: '1' }, false],
    ['is not refused by an empty NO_COLOR', 80, { NO_COLOR: '' }, true],
    ['is refused by a dumb terminal', 80, { TERM: 'dumb' }, false],
    ['is forced by FORCE_COLOR', 0, { FORCE_COLOR: '1' }, true],
    ['is refused by NO_COLOR even where it is forced', 0, { FORCE_COLOR: '1', NO_COLOR: '1' }, false],
    ['is not forced by FORCE_COLOR=0', 0, { FORCE_COLOR: '0' }, false],
  ];
  it.each(rows)('%s', (_name, columns, env, expected) => {
    expect(colorsFor(rememberingOutlet(columns), env).isColorSupported).toBe(expected);
  });
});
