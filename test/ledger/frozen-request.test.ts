/** A claim's frozen request is that of its token, or the ledger was forged. */
import { describe, expect, it } from 'vitest';
import type { ClaimedEvent } from '../../src/ledger/events.ts';
import { findForgedRequest } from '../../src/ledger/frozen-request.ts';
import { buildRequest, type TaskRequest } from '../../src/manifest/request.ts';
import { manifestOf, yaml } from '../plan/stage.ts';
import { claimed, commitId, laterClaim } from './events.ts';

const ledgerId = '6f1c0000-0000-4000-8000-000000000001';
const manifest = manifestOf(yaml({ spec: ['description: Once', 'tags: {owner: ops}'] }));
const { token, fleet, name } = manifest;
const request = buildRequest(manifest, { commit: commitId(7), ledgerId });

function judge(over: Partial<TaskRequest>, claim: Partial<ClaimedEvent> = {}): string | undefined {
  const event = claimed({ token, fleet, name, taskRun: 1, ...claim, request: { ...request, ...over } });
  const batch = { header: { seq: 1 }, events: [event] } as unknown as Parameters<typeof findForgedRequest>[0];
  return findForgedRequest(batch, ledgerId, commitId(9))?.code;
}

describe('the request of a first claim', () => {
  it('is that of its manifest, whatever the commit and the order of its targets', () => {
    expect(judge({})).toBeUndefined();
    expect(judge({ tags: { ...request.tags, 'snowgate:commit': commitId(8) } })).toBeUndefined();
    expect(judge({ targets: [...request.targets].reverse() })).toBeUndefined();
  });

  const { tags } = request;
  const { owner: _owner, ...without } = tags;
  it.each<[string, Partial<TaskRequest>, Partial<ClaimedEvent>]>([
    ['another command', { command: 'unlock' }, {}],
    ['another device', { targets: ['smd-other'] }, {}],
    ['one device more', { targets: [...request.targets, 'smd-other'] }, {}],
    ['another description', { description: 'Twice' }, {}],
    ['another clientToken', { clientToken: '0'.repeat(64) }, {}],
    ['a tag more', { tags: { ...tags, more: 'x' } }, {}],
    ['a tag less', { tags: without }, {}],
    ['the mark of another revision', { tags: { ...tags, 'snowgate:revision': '0'.repeat(64) } }, {}],
    ['the mark of another task', { tags: { ...tags, 'snowgate:task': 'lab/other' } }, {}],
    ['the mark of another ledger', { tags: { ...tags, 'snowgate:ledger': 'another' } }, {}],
    ['another run', {}, { taskRun: 2 }],
    ['another name', {}, { name: 'other' }],
    ['another fleet', {}, { fleet: 'sea' }],
    ['another token', {}, { token: '0'.repeat(64) }],
  ])('with %s was forged', (_what, over, claim) => {
    expect(judge(over, claim)).toBe('SG4203');
  });

  it('is not asked for in a later one', () => {
    const batch = { header: { seq: 1 }, events: [laterClaim()] } as unknown as Parameters<
      typeof findForgedRequest
    >[0];
    expect(findForgedRequest(batch, ledgerId, commitId(9))).toBeNull();
  });
});
