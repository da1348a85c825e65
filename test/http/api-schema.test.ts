/** The schemas of the API's answers. That they fit is asked of each answer in each test (api-documents.ts); here are worlds in which every field has something. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import {
  absent,
  adopted,
  ambiguous,
  baseline,
  cancelAnswered,
  cancelRequested,
  claimed,
  doubled,
  issued,
  Ledger,
  laterClaim,
  noted,
  progress,
  refused,
  released,
  resolved,
  settled,
  unknown,
} from '../ledger/events.ts';
import { makeHostile } from '../pages/hostile.ts';
import { tellStory } from '../pages/story.ts';
import { publishedSchemas } from '../publish/schemas.ts';
import { expectApiAnswer } from './api-documents.ts';
import { appOf, ask, bearer, Watched } from './watched.ts';

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);

/** A life for each end that a revision can come to. */
const lives: Readonly<Record<string, readonly LedgerEvent[]>> = {
  claimed: [claimed()],
  waiting: [claimed(), released({ notBefore: '2026-11-23T12:10:00.000Z' })],
  refused: [claimed(), refused()],
  inDoubt: [claimed(), unknown()],
  absent: [claimed(), unknown(), absent()],
  again: [claimed(), released(), laterClaim(), issued({ attempt: 2 })],
  adopted: [claimed(), unknown(), adopted()],
  ambiguous: [claimed(), unknown(), ambiguous()],
  resolved: [claimed(), unknown(), ambiguous(), resolved()],
  doubled: [claimed(), unknown(), doubled()],
  baseline: [baseline()],
  noted: [noted()],
  progress: [claimed(), issued(), progress()],
  canceled: [
    claimed(),
    issued(),
    cancelRequested({ reason: 'closed', end: '2026-11-23T13:00:00.000Z' }),
    cancelAnswered(),
    settled({ outcome: 'canceled' }),
  ],
  outside: [
    claimed(),
    issued(),
    settled(),
    {
      v: 1,
      kind: 'ranOutsideWindow',
      token: 'a'.repeat(64),
      fleet: 'lab',
      name: 'job',
      at: '2026-11-23T14:00:00.000Z',
      closedAt: '2026-11-23T13:00:00.000Z',
      runs: [{ device: 'smd-1', startedAt: '2026-11-23T13:30:00.000Z', cause: 'pollLag' }],
    },
  ],
};

describe('the schemas of the API', () => {
  it.each(Object.entries(lives))('fit a revision that is %s', async (_name, events) => {
    const view = events.reduce((ledger, event) => ledger.write(event), new Ledger()).view;
    const watched = new Watched();
    const web = appOf('web', watched, { status: () => ({ ...watched.status(), view }) });
    const answer = await web(ask('/api/v1/tasks/lab/job', bearer));
    expect(answer.status).toBe(200);
  });

  it('fit whole worlds: a believable one, one of attacks, and one that has read nothing', async () => {
    for (const watched of [await tellStory(), await makeHostile(), new Watched()]) {
      for (const redactDevices of [false, true]) {
        const web = appOf('web', watched, { config: { redactDevices } });
        expect((await web(ask('/api/v1/status', bearer))).status).toBe(200);
        const listed = await (await web(ask('/api/v1/tasks', bearer))).json();
        for (const { fleet, name } of (listed as { tasks: { fleet: string; name: string }[] }).tasks) {
          const path = `/api/v1/tasks/${fleet}/${encodeURIComponent(name)}`;
          expect([path, (await web(ask(path, bearer))).status]).toEqual([path, 200]);
        }
      }
    }
  });

  it.each(publishedSchemas.filter(([name]) => name.startsWith('api-')))(
    'as published in %s take a field that is not there yet, and none that is another',
    async (name, schema) => {
      const paths = { status: 'status', 'task-list': 'tasks', 'task-detail': 'tasks/lab/job' };
      const [, path = ''] = Object.entries(paths).find(([part]) => name === `api-${part}.schema.json`) ?? [];
      const watched = new Watched();
      const { view } = new Ledger().write(claimed());
      const web = appOf('web', watched, { status: () => ({ ...watched.status(), view }) });
      const document = (await (await web(ask(`/api/v1/${path}`, bearer))).json()) as object;
      const validate = ajv.compile(schema);
      expect(validate(document)).toBe(true);
      expect(validate({ ...document, more: 1 })).toBe(true);
      expect(validate({ ...document, at: 1 })).toBe(false);
    },
  );

  it('are held against answers in such a way that one field more or less is seen', async () => {
    const request = ask('/api/v1/status');
    const document = await (await appOf('web', new Watched())(ask('/api/v1/status', bearer))).json();
    const { run: _run, ...less } = document as Record<string, unknown>;
    const headers = { 'content-type': 'application/json; charset=utf-8' };
    for (const other of [less, { ...(document as object), more: 1 }]) {
      const answer = new Response(JSON.stringify(other), { headers });
      await expect(expectApiAnswer(request, answer)).rejects.toThrow();
    }
  });
});
