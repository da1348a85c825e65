/** The house rules, checked on the repository itself; and the checkers, checked on bad input planted for them. */
import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import * as rules from './tidy/rules.ts';
import { findFunctions, findImports, tokenize } from './tidy/tokens.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What git would commit: tracked files and new ones that are not ignored. */
function repositoryFiles(): Map<string, string> {
  const listed = execFileSync(
    'git',
    ['-c', 'safe.directory=*', 'ls-files', '-z', '--cached', '--others', '--exclude-standard'],
    {
      cwd: root,
    },
  );
  const paths = listed
    .toString('utf8')
    .split('\0')
    .filter((path) => path !== '')
    .sort();
  const files = new Map<string, string>();
  for (const path of paths) {
    const full = join(root, path);
    if (existsSync(full) && lstatSync(full).isFile()) files.set(path, readFileSync(full, 'utf8'));
  }
  return files;
}

const files = repositoryFiles();

describe('the repository', () => {
  const checks: [string, (files: rules.Files) => string[]][] = [
    ['imports only from the same folder or a lower rank', rules.checkLadder],
    ['has no import cycle', rules.checkCycles],
    ['keeps its pure parts pure', rules.checkPurity],
    ['keeps files and functions short', rules.checkBudgets],
    ['holds nothing that is banned', rules.checkBans],
    ['lists every fault code once', rules.checkCodes],
    ['documents every exported function', rules.checkDocComments],
    ['names only paths that exist in its documentation', rules.checkDocPaths],
    ['names no directory of one machine', rules.checkMachinePaths],
  ];
  it.each(checks)('%s', (_name, check) => {
    expect(check(files)).toEqual([]);
  });
});

describe('the checkers', () => {
  const manyLines = 'x();\n'.repeat(71);
  const planted: [string, (files: rules.Files) => string[], Record<string, string>, string[]][] = [
    [
      'an upward import',
      rules.checkLadder,
      { 'src/lib/a.ts': "import { b } from '../cli/b.ts';", 'src/cli/b.ts': '' },
      ['src/lib/a.ts:1: lib may not see cli'],
    ],
    [
      'an import across equal ranks',
      rules.checkLadder,
      { 'src/git/a.ts': "import type { B } from '../snow/b.ts';", 'src/snow/b.ts': '' },
      ['src/git/a.ts:1: git may not see snow'],
    ],
    [
      'a dynamic import upward',
      rules.checkLadder,
      { 'src/plan/a.ts': "\nconst b = await import('../main.ts');", 'src/main.ts': '' },
      ['src/plan/a.ts:2: plan may not see main.ts'],
    ],
    [
      'a re-export upward',
      rules.checkLadder,
      { 'src/manifest/a.ts': "export * from '../config/b.ts';", 'src/config/b.ts': '' },
      ['src/manifest/a.ts:1: manifest may not see config'],
    ],
    [
      'an import of many lines',
      rules.checkLadder,
      { 'src/plan/a.ts': "import {\n  type A,\n  b,\n} from '../wire.ts';", 'src/wire.ts': '' },
      ['src/plan/a.ts:1: plan may not see wire.ts'],
    ],
    [
      'an import that leaves src',
      rules.checkLadder,
      { 'src/lib/a.ts': "import b from '../../test/b.ts';", 'test/b.ts': '' },
      ['src/lib/a.ts:1: ../../test/b.ts is outside src'],
    ],
    [
      'an unknown folder',
      rules.checkLadder,
      { 'src/util/a.ts': '' },
      ['src/util/a.ts: util has no place in the house'],
    ],
    ['a barrel', rules.checkLadder, { 'src/lib/index.ts': '' }, ['src/lib/index.ts: no index.ts']],
    [
      'a downward import',
      rules.checkLadder,
      { 'src/wire-secrets.ts': "import { b } from './lib/b.ts';", 'src/lib/b.ts': '' },
      [],
    ],
    [
      'an import in a comment or a string',
      rules.checkLadder,
      { 'src/lib/a.ts': "// import { b } from '../main.ts';\nconst c = \"import '../main.ts'\";" },
      [],
    ],
    [
      'a cycle',
      rules.checkCycles,
      { 'src/lib/a.ts': "import './b.ts';", 'src/lib/b.ts': "import type { A } from './a.ts';" },
      ['cycle: src/lib/a.ts -> src/lib/b.ts -> src/lib/a.ts'],
    ],
    [
      'a node module in pure code',
      rules.checkPurity,
      { 'src/plan/a.ts': "import { hash } from 'node:crypto';" },
      ['src/plan/a.ts:1: pure code imports node:crypto'],
    ],
    [
      'hashing in lib/digest',
      rules.checkPurity,
      { 'src/lib/digest.ts': "import { hash } from 'node:crypto';" },
      [],
    ],
    [
      'loading in lib/deferred, and hashing elsewhere than in lib/digest',
      rules.checkPurity,
      {
        'src/lib/deferred.ts':
          "import { createRequire } from 'node:module';\nimport { hash } from 'node:crypto';",
      },
      ['src/lib/deferred.ts:2: pure code imports node:crypto'],
    ],
    [
      'an impure part of lib in pure code',
      rules.checkPurity,
      { 'src/config/a.ts': "import { log } from '../lib/log.ts';" },
      ['src/config/a.ts:1: pure code imports src/lib/log.ts'],
    ],
    [
      'a clock in pure code',
      rules.checkPurity,
      { 'src/ledger/a.ts': 'const a = Date.now();\nconst b = new Date();\nconst c = new Date(5);' },
      ['src/ledger/a.ts:1: pure code uses Date.now', 'src/ledger/a.ts:2: pure code uses new Date()'],
    ],
    [
      'environment, randomness and waiting in pure code',
      rules.checkPurity,
      {
        'src/policy/a.ts':
          'a = process.env.A;\nb = Math.random();\nasync function c() {}\nd.await; e = { process: 1, async: false };',
      },
      [
        'src/policy/a.ts:1: pure code uses process',
        'src/policy/a.ts:2: pure code uses Math.random',
        'src/policy/a.ts:3: pure code uses async',
      ],
    ],
    [
      'a clock in a template',
      rules.checkBans,
      { 'src/lib/a.ts': `const a = \`x ${'$'}{console.log(\`y\`)} z\`;` },
      ['src/lib/a.ts:1: console: results and logs have their own ways out'],
    ],
    [
      'a long file',
      rules.checkBudgets,
      { 'test/a.test.ts': '\n'.repeat(401) },
      ['test/a.test.ts: 401 lines, at most 400'],
    ],
    [
      'a long function',
      rules.checkBudgets,
      { 'src/lib/a.ts': `export function f(a: { b: string }): { c: string } {\n${manyLines}}\n` },
      ['src/lib/a.ts:1: f has 73 lines, at most 70'],
    ],
    [
      'a long method',
      rules.checkBudgets,
      { 'src/lib/a.ts': `class A {\n  async m<T>(a: T): Promise<Map<T, A>> {\n${manyLines}}\n}\n` },
      ['src/lib/a.ts:2: m has 73 lines, at most 70'],
    ],
    [
      'a long arrow function',
      rules.checkBudgets,
      { 'src/lib/a.ts': `const f = () => {\n${manyLines}};\n` },
      ['src/lib/a.ts:1: (arrow) has 73 lines, at most 70'],
    ],
    [
      'a long table, which is no function',
      rules.checkBudgets,
      { 'src/lib/a.ts': `const a = [\n${'  f(1),\n'.repeat(100)}];\nif (a) {\n${manyLines}}\n` },
      [],
    ],
    [
      'an exit in the middle',
      rules.checkBans,
      { 'src/cli/a.ts': 'process.exit(1);\nprocess.exitCode = 2;', 'src/main.ts': 'process.exitCode = 0;' },
      [
        'src/cli/a.ts:1: process.exit: only src/main.ts ends the process',
        'src/cli/a.ts:2: process.exitCode: only src/main.ts ends the process',
      ],
    ],
    [
      'a process outside git',
      rules.checkBans,
      {
        'src/snow/a.ts': "import { spawn } from 'node:child_process';",
        'src/git/a.ts': "import { spawn } from 'node:child_process';",
      },
      ["src/snow/a.ts:1: processes are git/'s"],
    ],
    [
      'any as a type',
      rules.checkBans,
      {
        'src/lib/a.ts':
          'const a: any = await Promise.any(b);\nconst c = any;\nconst d: Array<any> = { any: 1 };',
      },
      ['src/lib/a.ts:1: any', 'src/lib/a.ts:2: any', 'src/lib/a.ts:3: any'],
    ],
    [
      'a test that is alone or left out',
      rules.checkBans,
      { 'test/a.test.ts': `it${'.only'}('a', b);\ndescribe${'.skip'}('c', d);` },
      [
        'test/a.test.ts:1: it.only: every test runs, or says why not (skipIf)',
        'test/a.test.ts:2: describe.skip: every test runs, or says why not (skipIf)',
      ],
    ],
    [
      'unfinished business',
      rules.checkBans,
      { 'docs/a.md': `${'TO'}${'DO'}: more`, 'src/lib/a.ts': `// ${'FIX'}${'ME'}` },
      ['docs/a.md:1: unfinished business', 'src/lib/a.ts:1: unfinished business'],
    ],
    [
      'codes that differ from their list',
      rules.checkCodes,
      {
        'src/lib/a.ts': "fault('SG1001'); fault('SG1002');",
        'docs/ERRORS.md': '| SG1002 | a |\n| SG1003 | b |\n| SG1002 | c |\n',
      },
      [
        'SG1001 is not in docs/ERRORS.md',
        'SG1003 is in docs/ERRORS.md, and nowhere in src',
        'SG1002 comes after SG1003 in docs/ERRORS.md',
        'SG1002 is twice in docs/ERRORS.md',
      ],
    ],
    [
      'an exported function without a comment',
      rules.checkDocComments,
      {
        'src/lib/a.ts':
          '/** Says. */\nexport function a() {}\n// says not\nexport async function b() {}\nfunction c() {}',
      },
      ['src/lib/a.ts:4: b has no doc comment'],
    ],
    [
      'a path that is not there',
      rules.checkDocPaths,
      {
        'README.md': 'see `src/lib/a.ts`, [b](docs/B.md#x) and test/*.ts',
        'docs/C.md': '[d](../README.md) [e](E.md)',
        'test/a.ts': '',
      },
      [
        'README.md:1: src/lib/a.ts is not there',
        'README.md:1: docs/B.md is not there',
        'docs/C.md:1: docs/E.md is not there',
      ],
    ],
    [
      'a machine path',
      rules.checkMachinePaths,
      {
        'docs/a.md': `cd /${'home'}/me/x\nhttp://a.example/${'home'}page`,
        'package-lock.json': `"resolved": "${'https'}://a.example/b.tgz"`,
      },
      ['docs/a.md:1: names a directory of one machine', "package-lock.json:1: names a registry's host"],
    ],
  ];
  it.each(planted)('see %s', (_name, check, input, expected) => {
    expect(check(new Map(Object.entries(input)))).toEqual(expected);
  });

  it('read regular expressions, templates and divisions for what they are', () => {
    const template = `\`${'$'}{f({ g: "}" })} / \\\`\``;
    const tokens = tokenize(`const a = b / c / d; const e = /[/"]\\/'/g.test(${template}); return /x/;`);
    const kept = tokens.filter(({ kind }) => kind === 'regex' || kind === 'template');
    expect(kept.map(({ text }) => text)).toEqual(['/[/"]\\/\'/g', template, '/x/']);
  });

  it('find imports and functions with their lines', () => {
    const tokens = tokenize(
      "import a, { type B } from 'a';\nimport 'b';\nexport { c } from 'c';\nexport const d = import.meta.url;\n",
    );
    expect(findImports(tokens).map(({ target, line }) => `${target}:${line}`)).toEqual(['a:1', 'b:2', 'c:3']);
    const functions = findFunctions(
      tokenize('const o = {\n  m() {\n  },\n};\nif (a) {\n}\nconst t = a ? f(1) : { b };\n'),
    );
    expect(functions).toEqual([{ name: 'm', line: 2, lines: 2 }]);
  });
});
