/**
 * `npm run release:check`: whether this tree may be released. Each point that fails is named, with what to do; exit 1.
 * docs/DEVELOPMENT.md has the steps around it.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

const semantic = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;
const required = [
  'dist/main.js',
  'dist/lib/checks/task.cjs',
  'package.json',
  'README.md',
  'LICENSE',
  'CHANGELOG.md',
];
const allowed =
  /^(dist\/[\w/-]+\.js|dist\/lib\/checks\/[a-z]+\.cjs|(schemas|policies|examples|docs)\/[\w./-]+\.(json|ya?ml|ics|md|service)|docs\/images\/[a-z-]+\.png|(README|CHANGELOG)\.md|LICENSE|package\.json|npm-shrinkwrap\.json)$/;

const read = (path) => readFileSync(path, 'utf8');
const run = (program, ...args) => execFileSync(program, args, { encoding: 'utf8' }).trim();
const { name, version } = JSON.parse(read('package.json'));
const failures = [];
const fail = (what, todo) => failures.push(`${what}\n  do: ${todo}`);

function compare(a, b) {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  const differing = left.findIndex((number, index) => number !== right[index]);
  return differing < 0 ? 0 : left[differing] - right[differing];
}

function checkTree(when, todo) {
  const changed = run('git', 'status', '--porcelain');
  if (changed !== '') fail(`${when}:\n${changed}`, todo);
}

function checkVersion() {
  if (!semantic.test(version)) {
    fail(`package.json: version ${version} is not MAJOR.MINOR.PATCH`, 'write one');
    return;
  }
  const tags = run('git', 'tag', '--list', 'v*').split('\n');
  const released = tags.map((tag) => tag.slice(1)).filter((tag) => semantic.test(tag));
  const last = released.sort(compare).at(-1);
  if (last !== undefined && compare(version, last) <= 0)
    fail(`package.json: version ${version} is not above v${last}, the last tag`, 'raise it: npm version');
}

function checkChangelog() {
  const sections = read('CHANGELOG.md').split(/^## /m).slice(1);
  const unreleased = sections.find((section) => /^Unreleased\s/.test(section));
  if (unreleased !== undefined && unreleased.replace('Unreleased', '').trim() !== '')
    fail('CHANGELOG.md: there are lines under Unreleased', `move them below "## ${version} (YYYY-MM-DD)"`);
  const dated = sections.some((section) => {
    const [head = '', ...lines] = section.split('\n');
    const [, written, date] = /^(\S+) \((\d{4}-\d\d-\d\d)\)$/.exec(head.trim()) ?? [];
    return written === version && !Number.isNaN(Date.parse(date)) && lines.join('').trim() !== '';
  });
  if (!dated)
    fail(
      `CHANGELOG.md: no dated section for ${version}`,
      `write "## ${version} (YYYY-MM-DD)" and what changed`,
    );
}

function checkLock() {
  const lock = JSON.parse(read('package-lock.json'));
  const versions = [lock.version, lock.packages[''].version];
  if (versions.some((one) => one !== version))
    fail(
      `package-lock.json: says ${versions.join(' and ')}, not ${version}`,
      'npm install --package-lock-only',
    );
}

function checkAction() {
  if (!existsSync('action.yml')) {
    process.stdout.write('action.yml: not there, and not checked\n');
    return;
  }
  const named = [...read('action.yml').matchAll(/^\s*version=(\S+)$/gm)].map(([, pinned]) => pinned);
  if (named.length === 0 || named.some((pinned) => pinned !== version))
    fail(`action.yml: runs ${named.join(', ') || 'no pinned version'}`, `pin ${version}`);
}

function checkPackage() {
  const [packed] = JSON.parse(run('npm', 'pack', '--dry-run', '--json', '--ignore-scripts'));
  const paths = packed.files.map(({ path }) => path);
  const missing = required.filter((path) => !paths.includes(path));
  if (missing.length > 0)
    fail(`the package lacks ${missing.join(', ')}`, 'npm run build; see "files" in package.json');
  const strange = paths.filter((path) => !allowed.test(path));
  if (strange.length > 0) fail(`the package holds ${strange.join(', ')}`, 'correct "files" in package.json');
}

checkTree('the working tree is not clean', 'commit what belongs to the release, remove the rest');
checkVersion();
checkChangelog();
checkLock();
checkAction();
run('npm', 'run', '--silent', 'schemas');
run('npm', 'run', '--silent', '--if-present', 'docs');
checkTree(
  'what is generated is not what is committed',
  'commit what `npm run schemas` and `npm run docs` wrote',
);
checkPackage();
for (const failure of failures) process.stdout.write(`${failure}\n`);
const verdict = failures.length === 0 ? 'may be released' : `may not be released: ${failures.length} to mend`;
process.stdout.write(`${name} ${version} ${verdict}\n`);
process.exitCode = failures.length === 0 ? 0 : 1;
