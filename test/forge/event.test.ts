/** What is taken from the payload of an event, and what is not. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { payloadBytesMax, readEvent } from '../../src/forge/event.ts';
import { baseSha, headSha, mergeGroupPayload, pullRequestPayload, pushPayload } from './payloads.ts';

function bytes(value: unknown): Uint8Array {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
}

function read(name: string, payload: unknown) {
  return readEvent(name, bytes(payload), 'marine/snow-tasks');
}

const opened = { kind: 'pullRequest', number: 7, base: baseSha, head: headSha, isFork: false };

describe('an event', () => {
  it.each([
    ['a pull request that is opened', 'pull_request', pullRequestPayload(), opened],
    ['one that got new commits', 'pull_request', pullRequestPayload({ action: 'synchronize' }), opened],
    [
      'one from a fork',
      'pull_request',
      pullRequestPayload({ headRepository: 'mallory/snow-tasks' }),
      { ...opened, isFork: true },
    ],
    [
      'one from a fork that was deleted',
      'pull_request',
      pullRequestPayload({ headRepository: null }),
      { ...opened, isFork: true },
    ],
    [
      'one of a repository with longer ids',
      'pull_request',
      pullRequestPayload({ base: 'c'.repeat(64), head: 'd'.repeat(64) }),
      { ...opened, base: 'c'.repeat(64), head: 'd'.repeat(64) },
    ],
    [
      'a group of a merge queue',
      'merge_group',
      mergeGroupPayload(),
      { kind: 'mergeGroup', base: baseSha, head: headSha },
    ],
    ['a push', 'push', pushPayload(), { kind: 'other', name: 'push' }],
    [
      'a person who starts it',
      'workflow_dispatch',
      { inputs: null },
      { kind: 'other', name: 'workflow_dispatch' },
    ],
  ])('is %s', (_what, name, payload, expected) => {
    expect(read(name, payload)).toEqual({ ok: true, value: expected });
  });

  it('of pull_request_target is refused before anything of it is read', () => {
    for (const payload of [pullRequestPayload(), 'no JSON']) {
      expect(read('pull_request_target', payload)).toMatchObject({
        ok: false,
        fault: { code: 'SG7091', hint: expect.stringContaining('on: pull_request') },
      });
    }
  });

  const request = pullRequestPayload().pull_request;
  const group = mergeGroupPayload().merge_group;
  it.each([
    ['pull_request', 'is not JSON', '{"pull_request":'],
    ['pull_request', 'is not JSON', ''],
    ['pull_request', 'no number', null],
    ['pull_request', 'no number', []],
    ['pull_request', 'no number', { pull_request: 'x' }],
    ['pull_request', 'no number', { pull_request: { ...request, number: '7/../8' } }],
    ['pull_request', 'no number', { pull_request: { ...request, number: 0 } }],
    ['pull_request', 'no number', { pull_request: { ...request, number: 7.5 } }],
    ['pull_request', 'no number', { pull_request: { ...request, number: 1e300 } }],
    ['pull_request', 'pull_request.base.sha', pullRequestPayload({ base: 'main' })],
    ['pull_request', 'pull_request.base.sha', pullRequestPayload({ base: '--upload-pack=x' })],
    ['pull_request', 'pull_request.head.sha', pullRequestPayload({ head: `${headSha}\n` })],
    ['pull_request', 'pull_request.head.sha', pullRequestPayload({ head: headSha.slice(1) })],
    ['pull_request', 'pull_request.head.sha', pullRequestPayload({ head: 'G'.repeat(40) })],
    [
      'pull_request',
      'another repository',
      { pull_request: { ...request, base: { ...request.base, repo: null } } },
    ],
    [
      'pull_request',
      'another repository',
      { pull_request: { ...request, base: { ...request.base, repo: { full_name: 'mallory/snow-tasks' } } } },
    ],
    ['merge_group', 'merge_group.base_sha', {}],
    ['merge_group', 'merge_group.base_sha', { merge_group: { ...group, base_sha: null } }],
    ['merge_group', 'merge_group.head_sha', { merge_group: { ...group, head_sha: 'HEAD' } }],
  ])('%s with %s is refused', (name, reason, payload) => {
    expect(read(name, payload)).toMatchObject({
      ok: false,
      fault: { code: 'SG7092', message: expect.stringContaining(reason) },
    });
  });

  it('takes no field that a prototype has', () => {
    const text = `{"__proto__": ${JSON.stringify(pullRequestPayload())}}`;
    expect(read('pull_request', text)).toMatchObject({ ok: false, fault: { code: 'SG7092' } });
  });

  it('with a payload that is too large, not UTF-8 or nested without end is refused', () => {
    const huge = Buffer.concat([bytes(pullRequestPayload()), Buffer.alloc(payloadBytesMax, ' ')]);
    for (const payload of [huge, Buffer.from([0xff, 0xfe]), Buffer.from('['.repeat(1_000_000))]) {
      expect(readEvent('pull_request', payload, 'marine/snow-tasks')).toMatchObject({
        ok: false,
        fault: { code: 'SG7092' },
      });
    }
  });

  it('is a pull request with ids alone, whatever the payload is', () => {
    const anything = fc.oneof(
      fc.json(),
      fc.jsonValue().map((sha) => JSON.stringify(pullRequestPayload({ head: sha as string }))),
      fc.jsonValue().map((repo) => {
        return JSON.stringify({ pull_request: { ...request, head: { sha: headSha, repo } } });
      }),
    );
    fc.assert(
      fc.property(anything, (text) => {
        const event = read('pull_request', text);
        if (!event.ok) return event.fault.code === 'SG7092';
        const { value } = event;
        return (
          value.kind === 'pullRequest' && value.base === baseSha && value.head === headSha && value.isFork
        );
      }),
      { numRuns: 500 },
    );
  });
});
