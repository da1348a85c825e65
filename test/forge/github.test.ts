/** What is asked of a forge, and what is made of every answer that one can give. */
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { answerBytesMax } from '../../src/forge/exchange.ts';
import { openComments, pagesMax } from '../../src/forge/github.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import {
  type FakeForge,
  type FakeSettings,
  type ForgeCall,
  forgeToken,
  reply,
  startForge,
  workflowLogin,
} from './fake-forge.ts';

const started: FakeForge[] = [];
afterEach(async () => {
  for (const forge of started.splice(0)) await forge.close();
});

/** Sleeps not at all, and remembers for how long it was asked to. */
function hastyClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    ...systemClock,
    slept,
    sleep: async (durationMs) => {
      slept.push(durationMs);
    },
  };
}

async function open(settings: FakeSettings = {}, timeoutMs = 10_000) {
  const forge = await startForge(settings);
  started.push(forge);
  const clock = hastyClock();
  const signal = new AbortController().signal;
  const opened = openComments(
    { apiUrl: forge.apiUrl, repository: 'marine/snow-tasks', number: 7 },
    { token: forgeToken, userAgent: 'snowgate/test', clock, signal, timeoutMs },
  );
  if (!opened.ok) throw new Error(opened.fault.message);
  return { forge, clock, api: opened.value };
}

function comment(id: number, body = `comment ${id}`, login = 'ann') {
  return { id, body, user: { login } };
}

describe.each(['github', 'gitea'] as const)('comments at %s', (kind) => {
  it('are made, listed, changed and removed with one kind of token', async () => {
    const { forge, api } = await open({ kind, comments: [comment(3)] });
    expect(await api.create('hello')).toEqual({
      ok: true,
      value: { id: 4, author: workflowLogin, body: 'hello' },
    });
    expect(await api.update(4, 'again')).toMatchObject({ ok: true, value: { id: 4, body: 'again' } });
    expect(await api.list()).toEqual({
      ok: true,
      value: [
        { id: 3, author: 'ann', body: 'comment 3' },
        { id: 4, author: workflowLogin, body: 'again' },
      ],
    });
    expect(await api.remove(4)).toEqual({ ok: true, value: null });
    // Somebody else was quicker.
    expect(await api.remove(4)).toEqual({ ok: true, value: null });
    expect(forge.comments.map(({ id }) => id)).toEqual([3]);
    expect(new Set(forge.calls.map(({ authorization }) => authorization))).toEqual(
      new Set([`token ${forgeToken}`]),
    );
  });

  it('are all listed, however many there are', async () => {
    const many = Array.from({ length: 250 }, (_, index) => comment(index + 1));
    const { forge, api } = await open({ kind, comments: many });
    const listed = await api.list();
    expect(listed.ok && listed.value.map(({ id }) => id)).toEqual(many.map(({ id }) => id));
    expect(forge.calls).toHaveLength(kind === 'github' ? 3 : 1);
  });
});

describe('an answer that is none', () => {
  const refusals: [string, number, object | string, Record<string, string>, string, number][] = [
    ['a token that is not known', 401, { message: 'Bad credentials' }, {}, 'SG8001', 1],
    ['a right that is missing', 403, { message: 'Resource not accessible by integration' }, {}, 'SG8001', 1],
    ['nothing there', 404, { message: 'Not Found' }, {}, 'SG8002', 1],
    ['a comment that is refused', 422, { message: 'Validation Failed' }, {}, 'SG8006', 1],
    ['too many requests', 429, { message: 'slow down' }, {}, 'SG8003', 3],
    ['too many, with a time', 403, { message: 'secondary rate limit' }, { 'retry-after': '3' }, 'SG8003', 3],
    [
      'too many for an hour',
      403,
      { message: 'API rate limit exceeded' },
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '4000000000' },
      'SG8003',
      1,
    ],
    ['an error of the forge', 500, { message: 'Server Error' }, {}, 'SG8004', 3],
    ['a page of a proxy', 502, '<html>Bad Gateway</html>', {}, 'SG8004', 3],
    ['a page where JSON was asked for', 200, '<html>welcome</html>', {}, 'SG8005', 1],
    ['JSON of something else', 200, { login: 'ann' }, {}, 'SG8005', 1],
    ['a comment without an id', 200, [{ body: 'x' }], {}, 'SG8005', 1],
    ['a comment with an id that is no number', 200, [{ id: '1/../2', body: 'x' }], {}, 'SG8005', 1],
  ];
  it.each(refusals)('is told: %s', async (_name, status, value, headers, code, tries) => {
    const instead = (_call: ForgeCall, response: ServerResponse): boolean => {
      response.writeHead(status, headers);
      response.end(typeof value === 'string' ? value : JSON.stringify(value));
      return true;
    };
    const { forge, api } = await open({ instead });
    const listed = await api.list();
    expect(listed).toMatchObject({ ok: false, fault: { code, hint: expect.any(String) } });
    expect(forge.calls).toHaveLength(tries);
    expect(JSON.stringify(listed)).not.toContain(forgeToken);
  });

  it('names the words of the forge, and no more of them than fit a line', async () => {
    const { api } = await open({
      instead: (_call, response) => reply(response, 403, { message: `no\n::error::${'x'.repeat(5000)}` }),
    });
    const listed = await api.list();
    if (listed.ok) throw new Error('it was refused');
    expect(listed.fault.message.length).toBeLessThan(300);
    expect(listed.fault.message).toContain('the forge answered 403: no');
  });

  it('is asked for again after the time that the forge names, and not at all where that is long', async () => {
    const { clock, api } = await open({
      instead: (_call, response, count) =>
        count < 3 && reply(response, 429, { message: 'slow down' }, { 'retry-after': '7' }),
    });
    expect((await api.list()).ok).toBe(true);
    expect(clock.slept).toEqual([7_000, 7_000]);
    const long = await open({
      instead: (_call, response) => reply(response, 429, {}, { 'retry-after': '3600' }),
    });
    expect(await long.api.list()).toMatchObject({ ok: false, fault: { code: 'SG8003' } });
    expect(long.forge.calls).toHaveLength(1);
  });

  it('makes nobody post twice: an error leaves open whether there is a comment', async () => {
    const { forge, api } = await open({
      instead: (call, response) => call.method === 'POST' && reply(response, 502, { message: 'gateway' }),
    });
    expect(await api.create('x')).toMatchObject({ ok: false, fault: { code: 'SG8004', class: 'retry' } });
    expect(forge.writes()).toEqual(['POST']);
    const once = await open({
      instead: (call, response, count) =>
        call.method === 'PATCH' && count === 1 && reply(response, 502, { message: 'gateway' }),
      comments: [comment(1)],
    });
    expect((await once.api.update(1, 'x')).ok).toBe(true);
    expect(once.forge.writes()).toEqual(['PATCH 1', 'PATCH 1']);
  });

  it('follows no redirect, wherever it leads: the token stays', async () => {
    const other = await open();
    const { api } = await open({
      instead: (_call, response) => {
        response.writeHead(307, {
          location: `${other.forge.apiUrl}/repos/marine/snow-tasks/issues/7/comments`,
        });
        response.end();
        return true;
      },
    });
    expect(await api.list()).toMatchObject({ ok: false, fault: { code: 'SG8005' } });
    expect(await api.create('x')).toMatchObject({ ok: false, fault: { code: 'SG8005' } });
    expect(other.forge.calls).toEqual([]);
  });

  it('may not come at all, or begin and not end', async () => {
    const silent = await open({ instead: () => true }, 200);
    expect(await silent.api.create('x')).toMatchObject({
      ok: false,
      fault: { code: 'SG8004', message: 'the forge could not be reached: no answer within 0.2 seconds' },
    });
    const slow = await open(
      {
        instead: (_call, response) => {
          response.writeHead(200);
          response.write('[');
          return true;
        },
      },
      200,
    );
    expect(await slow.api.create('x')).toMatchObject({ ok: false, fault: { code: 'SG8004' } });
  });

  it('may be without end: no more than its bound is read', async () => {
    let sent = 0;
    const { forge, api } = await open({
      instead: (_call, response) => {
        response.writeHead(200);
        const chunk = Buffer.alloc(1024 * 1024, 'x');
        const more = (): void => {
          while (!response.destroyed && response.write(chunk)) sent += chunk.length;
          sent += chunk.length;
          if (!response.destroyed) response.once('drain', more);
        };
        more();
        return true;
      },
    });
    expect(await api.list()).toMatchObject({ ok: false, fault: { code: 'SG8005' } });
    expect(forge.calls).toHaveLength(1);
    expect(sent).toBeLessThan(2 * answerBytesMax);
  });

  it('may lead from page to page without end', async () => {
    const { forge, api } = await open({
      instead: (_call, response) => reply(response, 200, [], { link: '<https://x.invalid>; rel="next"' }),
    });
    expect(await api.list()).toMatchObject({ ok: false, fault: { code: 'SG8005' } });
    expect(forge.calls).toHaveLength(pagesMax);
  });

  it('does not come from a port that nobody listens on', async () => {
    const { forge, api } = await open();
    await forge.close();
    expect(await api.create('x')).toMatchObject({
      ok: false,
      fault: { code: 'SG8004', message: expect.stringContaining('ECONNREFUSED') },
    });
  });
});

describe('a token is sent', () => {
  const settings = {
    token: forgeToken,
    userAgent: 'snowgate/test',
    clock: systemClock,
    signal: new AbortController().signal,
    timeoutMs: 1_000,
  };
  const address = { apiUrl: 'https://api.github.com', repository: 'marine/snow-tasks', number: 7 };
  it.each([
    ['https://api.github.com', true],
    ['https://git.example.com/api/v1/', true],
    ['http://127.0.0.1:3000/api/v1', true],
    ['http://git.example.com/api/v1', false],
    ['https://user:word@git.example.com', false],
    ['https://git.example.com/?x=1', false],
    ['file:///etc/passwd', false],
    ['api.github.com', false],
  ])('to %s: %s', (apiUrl, isAllowed) => {
    const opened = openComments({ ...address, apiUrl }, settings);
    expect(opened.ok || opened.fault.code).toBe(isAllowed || 'SG7093');
  });

  it.each(['../x', 'a/b/c', 'a', '', 'a/..', 'a/b?c', 'a/b#c', 'a b/c', '%2e%2e/b'])(
    'for no repository of the name %j',
    (repository) => {
      expect(openComments({ ...address, repository }, settings)).toMatchObject({ ok: false });
    },
  );

  it.each(['', 'a b', 'a\nx-evil: 1', 'ä'])('only where it is one: %j', (token) => {
    expect(openComments(address, { ...settings, token })).toMatchObject({
      ok: false,
      fault: { code: 'SG7093' },
    });
  });
});
