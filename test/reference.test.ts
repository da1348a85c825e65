/** The reference pages are made from the schemas and the code. After a change: `npm run docs` writes them. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { checkEvent } from '../src/ledger/codec.ts';
import type { LedgerEvent } from '../src/ledger/events.ts';
import * as samples from './ledger/events.ts';
import { renderConfiguration } from './publish/configuration-tables.ts';
import { renderFacts } from './publish/fact-tables.ts';
import { listFields, listKinds } from './publish/ledger-page.ts';
import { referencePages } from './publish/pages.ts';

const folder = new URL('../docs/reference/', import.meta.url);

describe('docs/reference/', () => {
  it.each(referencePages)('%s is made from what it tells of', (file, text) => {
    const page = new URL(file, folder);
    if (process.env.UPDATE_DOCS === '1') {
      mkdirSync(folder, { recursive: true });
      writeFileSync(page, text);
    }
    expect(readFileSync(page, 'utf8')).toBe(text);
    expect(text).not.toMatch(/undefined|\[object|: ,/);
  });

  it('holds no other page', () => {
    expect(readdirSync(folder).sort()).toEqual(referencePages.map(([file]) => file).sort());
  });
});

describe('the tables of a page that is written by hand', () => {
  it.each([
    ['docs/CONFIGURATION.md', renderConfiguration],
    ['docs/POLICY-FACTS.md', renderFacts],
  ])('are made from the code: %s', (path, render) => {
    const file = new URL(`../${path}`, import.meta.url);
    const page = readFileSync(file, 'utf8');
    const rendered = render(page);
    if (process.env.UPDATE_DOCS === '1') writeFileSync(file, rendered);
    else expect(page).toBe(rendered);
  });

  it('are missed where their mark is, and told of a fact without words', () => {
    const page = readFileSync(new URL('../docs/POLICY-FACTS.md', import.meta.url), 'utf8');
    expect(() => renderFacts(page.replace('generated: facts Count', 'generated: facts'))).toThrow('no mark');
    expect(() => renderFacts(page.replace(/^\| `tasks` .*$/m, ''))).toThrow('what Count.tasks means');
    expect(() => renderConfiguration('')).toThrow('no mark');
  });
});

describe('the page of the ledger', () => {
  const { at, fleet, name, token, v } = samples.settled();
  const events: readonly LedgerEvent[] = [
    samples.claimed({ look: samples.emptyLook }),
    samples.issued(),
    samples.released(),
    samples.refused(),
    samples.unknown(),
    samples.adopted(),
    samples.absent(),
    samples.ambiguous(),
    samples.doubled(),
    samples.resolved(),
    samples.baseline(),
    samples.noted(),
    samples.progress(),
    samples.cancelRequested({ reason: 'closed', end: at }),
    samples.cancelAnswered(),
    { v, token, fleet, name, at, kind: 'ranOutsideWindow', closedAt: at, runs: [] },
    samples.settled(),
  ];

  it('tells of every kind', () => {
    expect(new Set(listKinds().map(({ kind }) => kind))).toEqual(new Set(events.map(({ kind }) => kind)));
  });

  it.each(events.map((event) => [event.kind, event] as const))(
    'tells the fields of %s as they are read, and which may be absent',
    (kind, event) => {
      const told = listKinds().find((one) => one.kind === kind);
      const fields = told === undefined ? [] : listFields(told.event);
      expect(fields.map((field) => field.name).sort()).toEqual(Object.keys(event).sort());
      for (const field of fields) {
        const { [field.name as keyof LedgerEvent]: _left, ...rest } = event;
        const { misfit } = field.name === 'kind' ? { misfit: 'kind' } : checkEvent(rest as LedgerEvent);
        expect([field.name, misfit]).toEqual([field.name, field.isOptional ? null : field.name]);
      }
    },
  );
});
