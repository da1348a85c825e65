/** A delivery from its arrival to its answer: what is looked at first, what an outsider can see, what is poked and told. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type HookProvider, hookProviders } from '../../src/config/config.ts';
import { hookBodiesMax, hookBodyBytesMax, hookBodyMs } from '../../src/http/hook-body.ts';
import { createHookHandler, type SecretReader } from '../../src/http/hook-handler.ts';
import { rememberedMs } from '../../src/http/hook-memory.ts';
import { failed, fault, ok } from '../../src/lib/faults.ts';
import * as payloads from './hook-payloads.ts';
import {
  makeDesk,
  nextSecret,
  nowSeconds,
  request,
  secret,
  seen,
  signed,
  standard,
  standardSecret,
  startMs,
} from './hook-world.ts';

const push = JSON.stringify(payloads.githubPush('git.example.com'));
const unreadable = failed(fault('SG3013', 'human', `the file /run/secrets/x cannot be read: ${secret}`));
const accepted = { status: 202, statusText: '', headers: [['cache-control', 'no-store']], body: '' };
const refused = { status: 401, statusText: '', headers: [['cache-control', 'no-store']], body: '' };

describe('a genuine delivery', () => {
  it('of each provider pokes, and is told once', async () => {
    for (const provider of hookProviders) {
      const desk = makeDesk();
      const headers = { ...signed(provider, '{}'), 'content-type': 'application/json' };
      expect(await seen(await desk.handle(request('{}', headers), provider)), provider).toEqual(accepted);
      expect(desk.poked).toEqual(['source policySource ledger']);
      expect(desk.told).toEqual([`${provider} accepted`]);
    }
  });

  it('about another repository, or of another event, has the same answer and pokes nothing', async () => {
    const desk = makeDesk();
    const other = JSON.stringify(payloads.githubPush('other.example.com'));
    const ping = { ...signed('github', push), 'X-GitHub-Event': 'ping' };
    expect(await seen(await desk.handle(request(other, signed('github', other)), 'github'))).toEqual(
      accepted,
    );
    expect(await seen(await desk.handle(request(push, ping), 'github'))).toEqual(accepted);
    expect(desk.poked).toEqual([]);
    expect(desk.told).toEqual(['github ignored', 'github ignored']);
  });

  it('that cannot be read is a hint all the same', async () => {
    const desk = makeDesk();
    const text = '{"repository": ';
    expect(await seen(await desk.handle(request(text, signed('gitea', text)), 'gitea'))).toEqual(accepted);
    expect(desk.poked).toEqual(['source policySource ledger']);
  });

  it('as a form is signed over its bytes, and read by its field', async () => {
    const desk = makeDesk();
    const form = new URLSearchParams({ payload: push }).toString();
    const headers = { ...signed('github', form), 'content-type': 'application/x-www-form-urlencoded' };
    expect(await seen(await desk.handle(request(form, headers), 'github'))).toEqual(accepted);
    expect(desk.poked).toEqual(['source']);
  });

  it('counts by the secrets that are good when it comes', async () => {
    let secrets: readonly string[] = [secret];
    const desk = makeDesk(async () => ok(secrets));
    const send = async (body: string, key: string): Promise<number> =>
      (await desk.handle(request(body, signed('github', body, key)), 'github')).status;
    expect([await send('1', secret), await send('1', nextSecret)]).toEqual([202, 401]);
    secrets = [nextSecret, secret];
    expect([await send('2', secret), await send('3', nextSecret)]).toEqual([202, 202]);
    secrets = [nextSecret];
    expect([await send('4', secret), await send('4', nextSecret)]).toEqual([401, 202]);
  });
});

describe('whatever is wrong, the answer is one', () => {
  const good = signed('github', push);
  const cases: [string, SecretReader, Record<string, string>][] = [
    ['a wrong signature', async () => ok([secret]), signed('github', `${push} `)],
    ['a missing one', async () => ok([secret]), {}],
    ['one of another form', async () => ok([secret]), { 'X-Hub-Signature-256': 'sha256=1' }],
    ['another secret', async () => ok([nextSecret]), good],
    ['no secret', async () => ok([]), good],
    ['an empty secret', async () => ok(['']), signed('github', push, '')],
    ['a short secret', async () => ok(['short']), signed('github', push, 'short')],
    ['a secret that cannot be read', async () => unreadable, good],
  ];
  it.each(cases)('%s', async (_what, read, headers) => {
    const desk = makeDesk(read);
    expect(await seen(await desk.handle(request(push, headers), 'github'))).toEqual(refused);
    expect(desk.poked).toEqual([]);
    expect(desk.told).toEqual(['github unauthorized']);
  });

  it('and the secrets are read once, for what may be genuine', async () => {
    let reads = 0;
    const desk = makeDesk(async () => {
      reads += 1;
      return ok([secret]);
    });
    for (const headers of [good, {}, { 'X-Hub-Signature-256': 'x' }, signed('github', 'another body')]) {
      await desk.handle(request(push, headers), 'github');
    }
    expect(reads).toBe(2);
  });
});

describe('before the signature', () => {
  const never: SecretReader = async () => {
    throw new Error('nobody asked for a secret');
  };

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is refused', async (method) => {
    const desk = makeDesk(never);
    const response = await desk.handle(request(null, {}, method), 'gitlab');
    expect(await seen(response)).toEqual({
      status: 405,
      statusText: '',
      headers: [
        ['allow', 'POST'],
        ['cache-control', 'no-store'],
      ],
      body: '',
    });
    expect(desk.told).toEqual(['gitlab badMethod']);
  });

  it('a body is not read where nothing could prove it, and the answer is the same', async () => {
    for (const provider of hookProviders) {
      const desk = makeDesk(never);
      let pulls = 0;
      const body = new ReadableStream<Uint8Array>(
        {
          pull(controller) {
            pulls += 1;
            controller.enqueue(new Uint8Array(10));
          },
        },
        { highWaterMark: 0 },
      );
      const endless = new Request('http://127.0.0.1/', { method: 'POST', body, duplex: 'half' });
      expect(await seen(await desk.handle(endless, provider))).toEqual(refused);
      expect(pulls).toBe(0);
      expect(desk.told).toEqual([`${provider} unauthorized`]);
    }
  });

  it('a body that comes beside too many is refused for now, and one that does not come is given up', async () => {
    const desk = makeDesk(never);
    const half = (): Request => {
      const body = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
      return new Request('http://127.0.0.1/', {
        method: 'POST',
        headers: signed('github', push),
        body,
        duplex: 'half',
      });
    };
    const begun = Array.from({ length: hookBodiesMax }, () => desk.handle(half(), 'github'));
    expect(await seen(await desk.handle(request(push, signed('github', push)), 'github'))).toEqual({
      ...refused,
      status: 503,
      headers: [
        ['cache-control', 'no-store'],
        ['retry-after', '10'],
      ],
    });
    await desk.clock.pass(hookBodyMs);
    for (const answer of await Promise.all(begun)) {
      expect(await seen(answer)).toEqual({ ...refused, status: 408 });
    }
    expect(desk.told).toEqual(['github busy', ...Array(hookBodiesMax).fill('github late')]);
    expect(desk.poked).toEqual([]);
  });

  it('a body that ends within is answered to nobody', async () => {
    const stream = new ReadableStream<Uint8Array>({ pull: (to) => to.error(new Error(secret)) });
    const desk = makeDesk();
    const headers = { 'X-Hub-Signature-256': `sha256=${'0'.repeat(64)}` };
    const half = new Request('http://127.0.0.1/', { method: 'POST', headers, body: stream, duplex: 'half' });
    expect(await seen(await desk.handle(half, 'github'))).toEqual({ ...refused, status: 400 });
    expect(desk.told).toEqual(['github broken']);
  });

  it('a body that is too large is refused, genuine or not', async () => {
    const large = Buffer.alloc(hookBodyBytesMax + 1, ' ');
    const desk = makeDesk(never);
    for (const headers of [
      signed('github', large),
      { ...signed('github', large), 'content-length': '9999999' },
    ]) {
      const response = await desk.handle(request(large, headers), 'github');
      expect(await seen(response)).toEqual({ ...refused, status: 413 });
    }
    expect(desk.told).toEqual(['github tooLarge', 'github tooLarge']);
  });

  it('a body of just the bound is not', async () => {
    const whole = Buffer.alloc(hookBodyBytesMax, ' ');
    const desk = makeDesk();
    expect((await desk.handle(request(whole, signed('github', whole)), 'github')).status).toBe(202);
  });

  it('a provider that is not configured is not found, whatever comes', async () => {
    const told: string[] = [];
    const handle = createHookHandler({
      secrets: new Map([['github', async () => ok([secret])]]),
      watched: [],
      poke: () => told.push('poked'),
      onDelivery: ({ result }) => told.push(result),
      clock: makeDesk().clock,
    });
    for (const method of ['POST', 'GET']) {
      const body = method === 'POST' ? push : null;
      const response = await handle(request(body, signed('gitlab', push), method), 'gitlab');
      expect(await seen(response)).toEqual({ ...refused, status: 404 });
    }
    expect(told).toEqual([]);
    expect((await handle(request(push, signed('github', push)), 'github')).status).toBe(202);
  });
});

describe('a delivery that was here before', () => {
  it('has the same answer, and pokes nothing, whatever its id', async () => {
    const desk = makeDesk();
    for (const id of ['1', '2', '3']) {
      const headers = { ...signed('github', push), 'X-GitHub-Delivery': id };
      expect(await seen(await desk.handle(request(push, headers), 'github'))).toEqual(accepted);
    }
    expect(desk.poked).toEqual(['source']);
    expect(desk.told).toEqual(['github accepted', 'github duplicate', 'github duplicate']);
    desk.clock.monotonic += rememberedMs;
    await desk.handle(request(push, signed('github', push)), 'github');
    expect(desk.poked).toEqual(['source', 'source']);
  });

  it('is remembered of genuine ones only', async () => {
    const desk = makeDesk();
    await desk.handle(request(push, {}), 'github');
    await desk.handle(request(push, signed('github', push)), 'github');
    expect(desk.told).toEqual(['github unauthorized', 'github accepted']);
  });

  it('is another one at another time that is signed, even without a body', async () => {
    const desk = makeDesk();
    const send = async (time: string): Promise<void> => {
      await desk.handle(request(null, signed('generic', '', secret, time)), 'generic');
    };
    const later = String(startMs / 1_000 + 1);
    for (const time of [nowSeconds, later, nowSeconds, later]) await send(time);
    expect(desk.told).toEqual([
      'generic accepted',
      'generic accepted',
      'generic duplicate',
      'generic duplicate',
    ]);
  });

  it('is the same one of GitLab by its signed id, also when it is sent again later', async () => {
    const desk = makeDesk(async () => ok([standardSecret]));
    const send = async (id: string, seconds: number): Promise<void> => {
      const time = String(startMs / 1_000 + seconds);
      const headers = { 'webhook-id': id, 'webhook-timestamp': time };
      const signature = { 'webhook-signature': standard(standardSecret, id, time, '{}') };
      await desk.handle(request('{}', { ...headers, ...signature }), 'gitlab');
    };
    await send('a', 0);
    await send('a', 60);
    await send('b', 60);
    expect(desk.told).toEqual(['gitlab accepted', 'gitlab duplicate', 'gitlab accepted']);
  });
});

describe('whatever is sent', () => {
  const text = fc.stringMatching(/^[ -~]{0,80}$/);
  const digits = fc.stringMatching(/^[0-9a-f]{64}$/);
  const value = fc.oneof(
    text,
    digits,
    digits.map((all) => `sha256=${all}`),
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map((all) => `v1,${Buffer.from(all).toString('base64')}`),
    fc.constantFrom(nowSeconds, 'push', 'application/x-www-form-urlencoded'),
  );
  const name = fc.constantFrom(
    'X-Hub-Signature-256',
    'X-Hub-Signature',
    'X-Gitea-Signature',
    'X-Forgejo-Signature',
    'X-Gitlab-Token',
    'webhook-id',
    'webhook-timestamp',
    'webhook-signature',
    'X-Snowgate-Signature',
    'X-Snowgate-Timestamp',
    'X-GitHub-Event',
    'content-type',
  );
  const provider = fc.constantFrom<HookProvider>(...hookProviders);
  const bytes = fc.uint8Array({ maxLength: 400 });

  it('without a secret is refused, and pokes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(provider, bytes, fc.dictionary(name, value), async (from, body, headers) => {
        const desk = makeDesk(async () => ok([secret, standardSecret]));
        expect(await seen(await desk.handle(request(body, headers), from))).toEqual(refused);
        expect(desk.poked).toEqual([]);
        expect(desk.told).toEqual([`${from} unauthorized`]);
      }),
      { numRuns: 500 },
    );
  });

  it('with the secret is accepted, whatever else it holds', async () => {
    await fc.assert(
      fc.asyncProperty(provider, bytes, value, value, async (from, body, type, event) => {
        const desk = makeDesk();
        const headers = { ...signed(from, body), 'content-type': type, 'X-GitHub-Event': event };
        expect(await seen(await desk.handle(request(body, headers), from))).toEqual(accepted);
        expect(desk.told).toHaveLength(1);
      }),
      { numRuns: 300 },
    );
  });
});
