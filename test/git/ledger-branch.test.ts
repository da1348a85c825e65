/** What the ledger branch does about a damaged remote, a damaged disk and a killed life: real git, every fault named. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readLedger } from '../../src/git/ledger-audit.ts';
import { openLedger } from '../../src/git/ledger-branch.ts';
import { ledgerLimits } from '../../src/git/ledger-reader.ts';
import { append, build, fetched, segmentPath, segmentText } from '../contract/ledger-world.ts';
import { beginWorld, branch, format, type GitWorld, waits } from './ledger-world.ts';

let world: GitWorld;
const ref = `refs/heads/${branch}`;

beforeEach(async () => {
  world = await beginWorld('file');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await world.end();
});

describe('the memory of the newest tip', () => {
  async function twoCommits(): Promise<{ readonly first: string; readonly second: string }> {
    const a = await world.open('a');
    const first = await append(a, (await fetched(a)).tip, 1, 'a');
    const second = await append(a, first, 2, 'a');
    await a.close();
    return { first, second };
  }
  const file = () => join(world.stateDir('a'), 'ledger', 'known.json');
  const mirror = () => join(world.stateDir('a'), 'ledger', 'mirror.git');

  it.each([
    ['the file is lost', () => rm(file())],
    ['the file is half written', () => writeFile(file(), '{"v":1,"ti')],
    ['the file is something else', () => writeFile(file(), '{"v":1,"tip":"--upload-pack=x"}')],
    ['the mirror is lost', () => rm(mirror(), { recursive: true })],
    ['the mirror is no repository any more', () => writeFile(join(mirror(), 'HEAD'), '\0\0\0')],
  ])('survives that %s', async (_, damage) => {
    const { first, second } = await twoCommits();
    await damage();
    expect(await (await world.open('a')).remembered()).toBe(second);
    await world.rewind(first);
    expect(await (await world.open('a')).fetch()).toMatchObject({
      kind: 'halted',
      fault: { code: 'SG4011' },
    });
    // Seen again at the next start: the tip that was refused has not become the newest known.
    expect(await (await world.open('a')).fetch()).toMatchObject({
      kind: 'halted',
      fault: { code: 'SG4011' },
    });
    await world.rewind(second).catch(() => undefined);
    expect((await fetched(await world.open('a'))).segments).toHaveLength(2);
  });

  it('is behind by one where a life was killed between ref and file', async () => {
    const { first, second } = await twoCommits();
    await writeFile(file(), `${JSON.stringify({ v: 1, tip: first, accepted: null })}\n`);
    expect(await (await world.open('a')).remembered()).toBe(second);
  });

  it('names in the hint what restores the branch', async () => {
    const { first, second } = await twoCommits();
    await world.rewind(first);
    const halt = await (await world.open('a')).fetch();
    expect(halt).toMatchObject({
      fault: {
        message: expect.stringContaining(`went back to ${first} from ${second}`),
        hint: expect.stringMatching(new RegExp(`${second}.*${mirror()}.*ledger.acceptCommit: ${first}`)),
      },
    });
    // As the hint says, from the mirror.
    await world.git(['fetch', '-q', mirror(), `refs/snowgate/ledger:${ref}`]);
    expect(await fetched(await world.open('a'))).toMatchObject({ tip: second });
  });
});

describe('a life that was killed', () => {
  it('leaves locks and half packs in the mirror, and the next one works', async () => {
    const a = await world.open('a');
    const first = await append(a, (await fetched(a)).tip, 1, 'a');
    await a.close();
    const dir = join(world.stateDir('a'), 'ledger', 'mirror.git');
    await mkdir(join(dir, 'refs', 'snowgate'), { recursive: true });
    for (const name of [
      'refs/snowgate/ledger.lock',
      'refs/snowgate/incoming.lock',
      'packed-refs.lock',
      'HEAD.lock',
    ]) {
      await writeFile(join(dir, name), '');
    }
    await mkdir(join(dir, 'objects', 'pack'), { recursive: true });
    await writeFile(join(dir, 'objects', 'pack', 'tmp_pack_x'), 'half');
    const again = await world.open('a');
    const { tip } = await fetched(again);
    expect(tip).toBe(first);
    await append(again, tip, 2, 'a');
    expect(existsSync(join(dir, 'refs/snowgate/ledger.lock'))).toBe(false);
  });

  it('of the server, in the middle of a push, leaves a lock: unknown, and the lock is named', async () => {
    const a = await world.open('a');
    const mine = await build(a, (await fetched(a)).tip, 1, 'a');
    // Called with the branch's lock held.
    await world.hook('reference-transaction', '[ "$1" = prepared ] || exit 0\nrm -f "$0"\nkill -9 $PPID');
    expect((await a.push(mine)).kind).toBe('unknown');
    const lock = join(world.repository, `${ref}.lock`);
    expect(existsSync(lock)).toBe(true);
    expect(await a.push(mine)).toMatchObject({
      kind: 'unknown',
      fault: { code: 'SG4005', class: 'retry', message: expect.stringContaining(`${ref}.lock`) },
    });
    await rm(lock);
    expect(await a.push(mine)).toEqual({ kind: 'landed' });
  });
});

describe('a push', () => {
  it('that takes too long is unknown, may land later, and then has landed', async () => {
    const patient = await world.open('a');
    const { tip } = await fetched(patient);
    await world.hook('pre-receive', 'sleep 2');
    const store = await openLedger(world.config, {
      ...waits,
      stateDir: world.stateDir('b'),
      pushTimeoutMs: 700,
    });
    if (!store.ok) throw new Error(store.fault.message);
    await fetched(store.value);
    const mine = await build(store.value, tip, 1, 'b');
    expect(await store.value.push(mine)).toMatchObject({ kind: 'unknown', fault: { code: 'SG4002' } });
    await rm(join(world.repository, 'hooks', 'pre-receive'));
    let answer = await store.value.push(mine);
    for (let tries = 0; answer.kind === 'unknown' && tries < 20; tries += 1)
      answer = await store.value.push(mine);
    expect(answer).toEqual({ kind: 'landed' });
    await store.value.close();
  });

  it('says in the fault what the hook said, on one line', async () => {
    const a = await world.open('a');
    const mine = await build(a, (await fetched(a)).tip, 1, 'a');
    await world.hook('pre-receive', 'printf "two\\033[31m\\nlines\\n" >&2\nexit 1');
    const answer = await a.push(mine);
    expect(answer).toMatchObject({
      kind: 'refused',
      fault: { message: expect.stringMatching(/two.*lines/), hint: expect.stringContaining('ledger.auth') },
    });
    expect(JSON.stringify(answer)).not.toContain('\\u001b');
  });

  it('to a branch that only fast-forwards, in a server that forbids all else, lands', async () => {
    await world.git(['config', 'receive.denyNonFastForwards', 'true']);
    await world.git(['config', 'receive.denyDeletes', 'true']);
    await world.git(['config', 'core.fsync', 'committed,reference']);
    const a = await world.open('a');
    await append(a, (await fetched(a)).tip, 1, 'a');
  });

  it('to a repository that is not there any more is refused or unknown, never landed or lost', async () => {
    const a = await world.open('a');
    const mine = await build(a, (await fetched(a)).tip, 1, 'a');
    await rm(world.repository, { recursive: true });
    expect(await a.push(mine)).toMatchObject({ kind: 'refused', fault: { code: 'SG3004' } });
    expect(await a.fetch()).toMatchObject({ kind: 'unreachable', fault: { code: 'SG3004' } });
  });

  it('writes the author, the date and the message that were asked for', async () => {
    const a = await world.open('a');
    const commit = await append(a, (await fetched(a)).tip, 1, 'a');
    expect(await world.git(['log', '-1', '--format=%an %ae %cn %ce %aI %B', commit])).toBe(
      'snowgate a snowgate a 2026-11-23T14:00:01+00:00 Claim one task\n\nSnowgate-Seq: 1',
    );
    expect(await world.git(['fsck', '--full', '--strict', '--no-dangling'])).toBe('');
  });
});

describe('what is asked wrongly', () => {
  it('a commit on a parent that this life does not know is a fault, and decided again', async () => {
    const a = await world.open('a');
    await fetched(a);
    const asked = { parent: 'f'.repeat(40), path: segmentPath(1, 'a'), text: 'x\n', message: 'x\n', atMs: 0 };
    expect(await a.commit(asked)).toMatchObject({ ok: false, fault: { code: 'SG4030', class: 'retry' } });
  });

  it('a segment that would be too large to be read again is not built', async () => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const text = 'x'.repeat(ledgerLimits.segmentBytes + 1);
    const asked = { parent: tip, path: segmentPath(1, 'a'), text, message: 'x\n', atMs: 0 };
    expect(await a.commit(asked)).toMatchObject({ ok: false, fault: { code: 'SG4031' } });
  });

  it.each([
    ['a path that is no segment', { path: 'x.jsonl' }],
    ['a number that is not the next', { path: segmentPath(2, 'a') }],
    ['a message with the words of others', { message: 'x\u001b[31m\n' }],
  ])('%s is a bug of ours', async (_, wrong) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const asked = { parent: tip, path: segmentPath(1, 'a'), text: 'x\n', message: 'x\n', atMs: 0, ...wrong };
    await expect(a.commit(asked)).rejects.toThrow(/./);
    // The queue goes on after it.
    expect(await fetched(a)).toMatchObject({ tip });
  });
});

describe('readLedger', () => {
  it('reads everything once and leaves nothing behind', async () => {
    const a = await world.open('a');
    const first = await append(a, (await fetched(a)).tip, 1, 'a');
    // A place of its own for what is temporary: others use the common one at the same time.
    const temporary = join(world.dir, 'tmp');
    await mkdir(temporary);
    vi.stubEnv('TMPDIR', temporary);
    expect(await readLedger(world.config, waits)).toMatchObject({
      kind: 'fetched',
      format,
      tip: first,
      segments: [{ commit: first, path: segmentPath(1, 'a'), text: segmentText(1, 'a') }],
    });
    expect(await readdir(temporary)).toEqual([]);
    expect(await readFile(join(world.stateDir('a'), 'ledger', 'known.json'), 'utf8')).toContain(first);
  });

  it('holds the branch against ledger.acceptCommit', async () => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const first = await append(a, tip, 1, 'a');
    await world.rewind(tip);
    expect(await readLedger({ ...world.config, acceptCommit: first }, waits)).toMatchObject({
      kind: 'halted',
    });
  });
});
