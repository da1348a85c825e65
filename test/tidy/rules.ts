/** The house rules as functions of file texts: each returns the breaches it sees, so that they can be shown bad input. */
import { dirname, join } from 'node:path/posix';
import { findFunctions, findImports, type SourceToken, tokenize } from './tokens.ts';

/** Path below the repository's root, with forward slashes, and the text. */
export type Files = ReadonlyMap<string, string>;

const ranks: Readonly<Record<string, number>> = {
  'main.ts': 8,
  cli: 7,
  'wire.ts': 6,
  git: 5,
  snow: 5,
  http: 5,
  notify: 5,
  simulator: 5,
  forge: 5,
  controller: 4,
  report: 4,
  plan: 3,
  policy: 2,
  ledger: 2,
  manifest: 1,
  config: 1,
  lib: 0,
};

const pureParts = new Set(['report', 'plan', 'policy', 'ledger', 'manifest', 'config']);
const pureLib =
  /^src\/lib\/(count|deferred|digest|faults|escape(-[a-z]+)?|document(-[a-z-]+)?|nearest|placeholder)\.ts$/;

const fileLinesMax = 400;
const functionLinesMax = 70;

/** The part of the house that a file belongs to: a folder of src, or one of the two files on their own. */
function partOf(path: string): string {
  const [, first = ''] = path.split('/');
  return first.startsWith('wire-') ? 'wire.ts' : first;
}

function sources(files: Files): [string, string][] {
  return [...files].filter(([path]) => path.startsWith('src/') && path.endsWith('.ts'));
}

function code(text: string): SourceToken[] {
  return tokenize(text).filter((token) => token.kind !== 'comment');
}

/** A file imports from its own folder or a lower rank; equal ranks never see each other; no barrels. */
export function checkLadder(files: Files): string[] {
  const breaches: string[] = [];
  for (const [path, text] of sources(files)) {
    const part = partOf(path);
    const rank = ranks[part];
    if (rank === undefined) breaches.push(`${path}: ${part} has no place in the house`);
    if (path.endsWith('/index.ts')) breaches.push(`${path}: no index.ts`);
    for (const { target, line } of findImports(tokenize(text))) {
      if (!target.startsWith('.')) continue;
      const to = join(dirname(path), target);
      const toPart = partOf(to);
      const toRank = ranks[toPart];
      if (!to.startsWith('src/')) breaches.push(`${path}:${line}: ${target} is outside src`);
      else if (!files.has(to)) breaches.push(`${path}:${line}: ${target} is not there`);
      else if (toPart !== part && (toRank === undefined || rank === undefined || toRank >= rank)) {
        breaches.push(`${path}:${line}: ${part} may not see ${toPart}`);
      }
    }
  }
  return breaches;
}

/** Runtime and type imports alike form no cycle. */
export function checkCycles(files: Files): string[] {
  const edges = new Map<string, string[]>();
  for (const [path, text] of sources(files)) {
    const targets = findImports(tokenize(text)).filter(({ target }) => target.startsWith('.'));
    edges.set(
      path,
      targets.map(({ target }) => join(dirname(path), target)),
    );
  }
  const breaches: string[] = [];
  const finished = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path))
      breaches.push(`cycle: ${[...trail.slice(trail.indexOf(path)), path].join(' -> ')}`);
    else if (!finished.has(path)) for (const to of edges.get(path) ?? []) visit(to, [...trail, path]);
    finished.add(path);
  };
  for (const path of edges.keys()) visit(path, []);
  return breaches;
}

/** Same in, same out: a digest, and code that is a part of the program whenever it is loaded. */
const nodeModulesOfPure: Readonly<Record<string, string>> = {
  'src/lib/digest.ts': 'node:crypto',
  'src/lib/deferred.ts': 'node:module',
};

/** PURE parts ask nobody for anything: no node modules, clock, environment, randomness or waiting. */
export function checkPurity(files: Files): string[] {
  const breaches: string[] = [];
  for (const [path, text] of sources(files)) {
    if (!pureParts.has(partOf(path)) && !pureLib.test(path)) continue;
    const tokens = tokenize(text);
    for (const { target, line } of findImports(tokens)) {
      const isAllowed = nodeModulesOfPure[path] === target;
      if (target.startsWith('node:') && !isAllowed)
        breaches.push(`${path}:${line}: pure code imports ${target}`);
      const to = join(dirname(path), target);
      if (target.startsWith('.') && to.startsWith('src/lib/') && !pureLib.test(to)) {
        breaches.push(`${path}:${line}: pure code imports ${to}`);
      }
    }
    for (const { what, line } of impurities(code(text)))
      breaches.push(`${path}:${line}: pure code uses ${what}`);
  }
  return breaches;
}

const impureWords = new Set([
  'async',
  'await',
  'fetch',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
]);
const impureObjects = new Set(['process', 'performance', 'globalThis', 'crypto']);

function impurities(tokens: readonly SourceToken[]): { what: string; line: number }[] {
  const found: { what: string; line: number }[] = [];
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'word') continue;
    const texts = tokens.slice(index, index + 4).map(({ text }) => text);
    const phrase = texts.join('');
    const isMember = tokens[index - 1]?.text === '.' || tokens[index - 1]?.text === '?.';
    if (isMember) continue;
    // A property of that name is somebody's option, and no function.
    const asyncFunction = token.text === 'async' && texts[1] !== ':';
    const called = texts[1] === '(' || asyncFunction || token.text === 'await';
    if (impureWords.has(token.text) && called) found.push({ what: token.text, line: token.line });
    if (impureObjects.has(token.text) && texts[1] === '.') found.push({ what: token.text, line: token.line });
    if (phrase.startsWith('Date.now')) found.push({ what: 'Date.now', line: token.line });
    if (phrase.startsWith('Math.random')) found.push({ what: 'Math.random', line: token.line });
    if (phrase === 'newDate()' || phrase.startsWith('newDate;'))
      found.push({ what: 'new Date()', line: token.line });
  }
  return found;
}

/** Short files and short functions. Tests may describe at length, their files may not. */
export function checkBudgets(files: Files): string[] {
  const breaches: string[] = [];
  for (const [path, text] of files) {
    if (!path.endsWith('.ts')) continue;
    const lines = text.split('\n').length - 1;
    if (lines > fileLinesMax) breaches.push(`${path}: ${lines} lines, at most ${fileLinesMax}`);
    if (!path.startsWith('src/')) continue;
    for (const found of findFunctions(tokenize(text))) {
      if (found.lines <= functionLinesMax) continue;
      breaches.push(
        `${path}:${found.line}: ${found.name} has ${found.lines} lines, at most ${functionLinesMax}`,
      );
    }
  }
  return breaches;
}

const leftovers = new RegExp(
  `\\b(${['TO', 'FIX', 'XX'].map((word) => `${word}${word === 'TO' ? 'DO' : word === 'FIX' ? 'ME' : 'X'}`).join('|')})\\b`,
);

/** Things that have no place anywhere, or one place only. */
export function checkBans(files: Files): string[] {
  const breaches: string[] = [];
  for (const [path, text] of files) {
    for (const [index, line] of text.split('\n').entries()) {
      if (leftovers.test(line)) breaches.push(`${path}:${index + 1}: unfinished business`);
    }
    if (!path.endsWith('.ts')) continue;
    const tokens = code(text);
    for (const [index, token] of tokens.entries()) {
      const why = banned(path, tokens, index);
      if (why !== undefined) breaches.push(`${path}:${token.line}: ${why}`);
    }
    for (const { target, line } of findImports(tokenize(text))) {
      const spawns = /^(node:)?child_process$/.test(target);
      if (spawns && path.startsWith('src/') && partOf(path) !== 'git')
        breaches.push(`${path}:${line}: processes are git/'s`);
    }
  }
  return breaches;
}

function banned(path: string, tokens: readonly SourceToken[], index: number): string | undefined {
  const token = tokens[index];
  if (token?.kind !== 'word') return undefined;
  const before = tokens[index - 1]?.text;
  const after = tokens[index + 1]?.text;
  const member = after === '.' ? tokens[index + 2]?.text : undefined;
  if (before === '.' || before === '?.') return undefined;
  const isSource = path.startsWith('src/');
  if (isSource && token.text === 'console' && after === '.')
    return 'console: results and logs have their own ways out';
  if (isSource && path !== 'src/main.ts' && token.text === 'process' && /^exit(Code)?$/.test(member ?? '')) {
    return `process.${member}: only src/main.ts ends the process`;
  }
  if (
    token.text === 'any' &&
    after !== ':' &&
    after !== '(' &&
    after !== ',' &&
    before !== ',' &&
    before !== '{'
  )
    return 'any';
  if (/^(it|test|describe|suite|bench)$/.test(token.text) && /^(only|skip)$/.test(member ?? '')) {
    return `${token.text}.${member}: every test runs, or says why not (skipIf)`;
  }
  return undefined;
}

/** Every code in src has one row in docs/ERRORS.md, and every row a code in src. */
export function checkCodes(files: Files): string[] {
  const used = new Set(sources(files).flatMap(([, text]) => text.match(/\bSG\d{4}\b/g) ?? []));
  const rows = (files.get('docs/ERRORS.md') ?? '').split('\n').filter((line) => /^\| *`?SG\d{4}/.test(line));
  const listed = rows.map((line) => /SG\d{4}/.exec(line)?.[0] ?? '');
  const breaches: string[] = [];
  for (const code of [...used].sort())
    if (!listed.includes(code)) breaches.push(`${code} is not in docs/ERRORS.md`);
  for (const [index, code] of listed.entries()) {
    if (!used.has(code)) breaches.push(`${code} is in docs/ERRORS.md, and nowhere in src`);
    if (listed.indexOf(code) !== index) breaches.push(`${code} is twice in docs/ERRORS.md`);
    const next = listed[index + 1];
    if (next !== undefined && next < code) breaches.push(`${next} comes after ${code} in docs/ERRORS.md`);
  }
  return breaches;
}

/** Exported functions say what they promise. */
export function checkDocComments(files: Files): string[] {
  const breaches: string[] = [];
  for (const [path, text] of sources(files)) {
    const tokens = tokenize(text);
    for (const [index, token] of tokens.entries()) {
      if (token.kind !== 'word' || token.text !== 'export') continue;
      const next = tokens.slice(index + 1, index + 4).map((other) => other.text);
      const name =
        next[0] === 'function'
          ? next[1]
          : next[0] === 'async' && next[1] === 'function'
            ? next[2]
            : undefined;
      const before = tokens[index - 1];
      const documented = before?.kind === 'comment' && before.text.startsWith('/**');
      if (name !== undefined && !documented)
        breaches.push(`${path}:${token.line}: ${name} has no doc comment`);
    }
  }
  return breaches;
}

const repositoryPath = /(?<![\w./-])(?:src|test|docs|schemas|policies|examples|\.ci)\/[\w./*-]*[\w*/]/g;
const markdownLink = /\]\((?!https?:|mailto:|#)([^)\s#]+)/g;

/** Every path that the documentation names exists; a `*` stands for anything. */
export function checkDocPaths(files: Files): string[] {
  const all = [...files.keys()];
  const exists = (path: string): boolean => {
    const pattern = path.replaceAll(/[.+?^$()|[\]{}\\]/g, '\\$&').replaceAll(/\*+/g, '[^ ]*');
    const regex = new RegExp(`^${pattern.replace(/\/$/, '')}(/|$)`);
    return all.some((known) => regex.test(known));
  };
  const breaches: string[] = [];
  for (const [path, text] of files) {
    if (!/^(README|CHANGELOG|docs\/[\w.-]+)\.md$|^docs\/[\w-]+\.md$/.test(path)) continue;
    for (const [index, line] of text.split('\n').entries()) {
      if (/https?:\/\//.test(line)) continue;
      const named = [...line.matchAll(repositoryPath)].map(([match]) => match);
      const linked = [...line.matchAll(markdownLink)].map(([, target = '']) => join(dirname(path), target));
      for (const target of new Set([...named, ...linked])) {
        if (!exists(target)) breaches.push(`${path}:${index + 1}: ${target} is not there`);
      }
    }
  }
  return breaches;
}

const machinePath = new RegExp(`(?<![\\w.-])/(?:${['work', 'root', 'home', 'Users'].join('|')})/[\\w.-]`);

/** The repository stands on any machine: it names no directory of one, and no registry's host. */
export function checkMachinePaths(files: Files): string[] {
  const breaches: string[] = [];
  for (const [path, text] of files) {
    for (const [index, line] of text.split('\n').entries()) {
      if (machinePath.test(line)) breaches.push(`${path}:${index + 1}: names a directory of one machine`);
      if (/"resolved": "https?:/.test(line)) breaches.push(`${path}:${index + 1}: names a registry's host`);
    }
  }
  return breaches;
}
