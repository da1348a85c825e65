/** The ledger behind a server that misbehaves on the wire. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LedgerConfig } from '../../src/config/config.ts';
import { openLedger } from '../../src/git/ledger-branch.ts';
import { append, build, fetched } from '../contract/ledger-world.ts';
import { basicAuthorization, type GitServer, type GitServerFault } from '../doubles/git-server.ts';
import { beginWorld, type GitWorld, waits } from './ledger-world.ts';

let world: GitWorld;
let server: GitServer;

beforeEach(async () => {
  world = await beginWorld('http');
  if (world.server === null) throw new Error('no server');
  server = world.server;
});
afterEach(() => world.end());

/** The next push goes wrong on its way, then all is well. */
function disturb(trouble: GitServerFault): void {
  // curl itself asks again, once, where a connection that it kept is cut before the first byte of an answer.
  let left = trouble.kind === 'cutBefore' ? 2 : 1;
  server.fault = (request) => {
    if (request.kind !== 'push' || left === 0) return null;
    left -= 1;
    return trouble;
  };
}

const cuts: readonly { readonly name: string; readonly trouble: GitServerFault; readonly lands: boolean }[] =
  [
    { name: 'cut before git sees it', trouble: { kind: 'cutBefore' }, lands: false },
    { name: 'cut after the effect, before a byte', trouble: { kind: 'cutAfter', bytes: 0 }, lands: true },
    { name: 'cut after the effect, in the middle', trouble: { kind: 'cutAfter', bytes: 20 }, lands: true },
    { name: 'answered with 500', trouble: { kind: 'status', status: 500 }, lands: false },
    { name: 'answered with 504 by a proxy', trouble: { kind: 'status', status: 504 }, lands: false },
  ];

describe('a push over http', () => {
  it.each(cuts)('$name is unknown; sent again it has landed', async ({ trouble, lands }) => {
    const a = await world.open('a');
    const { tip } = await fetched(a);
    const mine = await build(a, tip, 1, 'a');
    disturb(trouble);
    expect(await a.push(mine)).toMatchObject({ kind: 'unknown', fault: { code: 'SG4002' } });
    expect(await world.tip()).toBe(lands ? mine.commit : tip);
    expect(await a.push(mine)).toEqual({ kind: 'landed' });
  });

  it.each(cuts)(
    '$name, with a rival before it is sent again, is known in the end',
    async ({ trouble, lands }) => {
      const [a, b] = [await world.open('a'), await world.open('b')];
      const mine = await build(a, (await fetched(a)).tip, 1, 'a');
      disturb(trouble);
      expect((await a.push(mine)).kind).toBe('unknown');
      await append(b, (await fetched(b)).tip, lands ? 2 : 1, 'b');
      expect(await a.push(mine)).toEqual({ kind: lands ? 'landed' : 'lost' });
    },
  );

  it('given up while the server works may land later, and is then seen', async () => {
    const store = await openLedger(world.config, {
      ...waits,
      stateDir: world.stateDir('a'),
      pushTimeoutMs: 800,
    });
    if (!store.ok) throw new Error(store.fault.message);
    const a = store.value;
    const mine = await build(a, (await fetched(a)).tip, 1, 'a');
    await world.hook('pre-receive', 'rm -f "$0"\nsleep 2');
    expect(await a.push(mine)).toMatchObject({ kind: 'unknown' });
    let answer = await a.push(mine);
    for (let tries = 0; answer.kind === 'unknown' && tries < 20; tries += 1) answer = await a.push(mine);
    expect(answer).toEqual({ kind: 'landed' });
    await a.close();
  });

  it('that loses, and cannot look why, is unknown', async () => {
    const [a, b] = [await world.open('a'), await world.open('b')];
    const { tip } = await fetched(a);
    await fetched(b);
    const mine = await build(a, tip, 1, 'a');
    await append(b, tip, 1, 'b');
    server.fault = (request) =>
      request.path.includes('git-upload-pack') ? { kind: 'status', status: 503 } : null;
    expect(await a.push(mine)).toMatchObject({ kind: 'unknown', fault: { code: 'SG3016' } });
    server.fault = () => null;
    expect(await a.push(mine)).toEqual({ kind: 'lost' });
  });

  it('to a server that is down is unknown, and a fetch learns nothing', async () => {
    const a = await world.open('a');
    const mine = await build(a, (await fetched(a)).tip, 1, 'a');
    await server.close();
    expect(await a.push(mine)).toMatchObject({ kind: 'unknown', fault: { class: 'retry' } });
    expect(await a.fetch()).toMatchObject({ kind: 'unreachable', fault: { code: 'SG3002', class: 'retry' } });
  });

  it('where only reading is allowed is refused', async () => {
    const a = await world.open('a');
    const mine = await build(a, (await fetched(a)).tip, 1, 'a');
    server.fault = (request) =>
      request.path.includes('receive-pack') ? { kind: 'status', status: 403 } : null;
    expect(await a.push(mine)).toMatchObject({ kind: 'refused', fault: { code: 'SG3003', class: 'human' } });
  });
});

describe('a ledger behind a token', () => {
  const token = 'ghp_0123456789abcdefghijklmnop';

  async function openWith(tokenFile: string) {
    const config: LedgerConfig = { ...world.config, auth: { kind: 'token', tokenFile } };
    const store = await openLedger(config, { ...waits, stateDir: world.stateDir('a') });
    if (!store.ok) throw new Error(store.fault.message);
    return store.value;
  }

  it('is read and written with it; a wrong one is refused, a rotated one taken up, and neither is told', async () => {
    server.authorization = basicAuthorization('x-access-token', token);
    const tokenFile = join(world.dir, 'token');
    await writeFile(tokenFile, `${token}\n`);
    const a = await openWith(tokenFile);
    const { tip } = await fetched(a);
    const first = await append(a, tip, 1, 'a');
    const mine = await build(a, first, 2, 'a');
    const wrong = 'ghp_wrongwrongwrongwrongwrong';
    await writeFile(tokenFile, wrong);
    const refused = await a.push(mine);
    expect(refused).toMatchObject({ kind: 'refused', fault: { code: 'SG3003' } });
    const unread = await a.fetch();
    expect(unread).toMatchObject({ kind: 'unreachable', fault: { code: 'SG3003', class: 'human' } });
    expect(JSON.stringify([refused, unread])).not.toContain(wrong);
    server.authorization = basicAuthorization('x-access-token', `${token}2`);
    await writeFile(tokenFile, `${token}2`);
    expect(await a.push(mine)).toEqual({ kind: 'landed' });
    await a.close();
  });

  it('is not told where the server says it in the path of a lock', async () => {
    const plain = 'canary-of-no-known-shape';
    const tokenFile = join(world.dir, 'token');
    await writeFile(tokenFile, plain);
    const a = await openWith(tokenFile);
    const mine = await build(a, (await fetched(a)).tip, 1, 'a');
    const said = `Unable to create '/srv/${plain}/me:ghp_0123456789abcdefghijklmnop/x.lock': File exists.`;
    await world.hook('pre-receive', `echo "${said}" >&2`);
    await writeFile(join(world.repository, `refs/heads/${world.config.branch}.lock`), '');
    const answer = await a.push(mine);
    expect(answer).toMatchObject({
      kind: 'unknown',
      fault: { code: 'SG4005', message: expect.stringContaining('/srv/[redacted]/me:[redacted]/x.lock') },
    });
    expect(JSON.stringify(answer)).not.toMatch(/canary|ghp_/);
    await a.close();
  });

  it('that cannot be read sends nothing', async () => {
    const a = await openWith(join(world.dir, 'nothing'));
    expect(await a.fetch()).toMatchObject({ kind: 'unreachable', fault: { code: 'SG3013' } });
    await a.close();
  });
});

describe('closing', () => {
  it('ends a fetch that hangs', async () => {
    const a = await world.open('a');
    server.fault = () => ({ kind: 'hang' });
    const hanging = a.fetch();
    await a.close();
    expect(await hanging).toMatchObject({ kind: 'unreachable', fault: { code: 'SG3018' } });
  });
});
