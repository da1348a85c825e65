/**
 * DESIGN 5, "state of a receipt": every pair of a state and a kind of event. What is allowed, and what it leads to, is
 * written out by hand below; every pair that is not there must be forbidden, by name.
 */
import { describe, expect, it } from 'vitest';
import type { LedgerEvent } from '../../src/ledger/events.ts';
import type { ReceiptState } from '../../src/ledger/receipt.ts';
import { receiptState, receiptStates } from '../../src/ledger/receipt.ts';
import {
  absent,
  adopted,
  ambiguous,
  baseline,
  cancelAnswered,
  cancelRequested,
  claimed,
  doubled,
  emptyLook,
  issued,
  Ledger,
  laterClaim,
  lookWith,
  noted,
  progress,
  refused,
  released,
  resolved,
  settled,
  tokenA,
  unknown,
} from './events.ts';

/** A way into each state; more than one where the same state has another past. */
const pasts = {
  none: [],
  pending: [noted()],
  claimed: [claimed()],
  'claimed again': [claimed(), unknown(), laterClaim({ look: emptyLook })],
  inDoubt: [claimed(), unknown()],
  waiting: [claimed(), released()],
  'waiting after a look': [claimed(), unknown(), absent()],
  ambiguous: [claimed(), unknown(), ambiguous()],
  issued: [claimed(), issued()],
  'issued by adoption': [claimed(), unknown(), adopted()],
  'issued, its cancel requested': [claimed(), issued(), cancelRequested()],
  'issued, its cancel answered': [claimed(), issued(), cancelRequested(), cancelAnswered()],
  settled: [claimed(), issued(), settled()],
  'settled before the answer': [claimed(), issued(), cancelRequested(), settled()],
  refused: [claimed(), refused()],
  doubled: [claimed(), unknown(), doubled()],
  baseline: [baseline()],
} satisfies Record<string, LedgerEvent[]>;
type Past = keyof typeof pasts;

const revision = {
  command: 'reboot',
  targets: ['smd-1'],
  taskRun: 1,
  identity: { account: '', region: 'x', endpoint: '' },
} as const;

/** Every kind of event, fitting in all but the state: about the newest of `n` attempts, by its claimant. */
const kinds = {
  claimed: (n) => (n === 0 ? claimed() : laterClaim({ attempt: n + 1 })),
  'claimed after a look': (n) =>
    n === 0 ? claimed({ look: emptyLook }) : laterClaim({ attempt: n + 1, look: emptyLook }),
  issued: (n) => issued({ attempt: n }),
  'issued as another task': (n) => issued({ attempt: n, taskId: 'st-9' }),
  released: (n) => released({ attempt: n }),
  refused: (n) => refused({ attempt: n }),
  unknown: (n) => unknown({ attempt: n }),
  adopted: (n) => adopted({ through: n }),
  absent: (n) => absent({ through: n }),
  ambiguous: (n) => ambiguous({ through: n, reason: 'otherTargets', look: lookWith('st-7') }),
  doubled: () => doubled(),
  'resolved as made': (n) => resolved({ taskId: 'st-1', revision: n === 0 ? revision : null }),
  'resolved as not made': () => resolved(),
  baseline: () => baseline(),
  noted: () => noted({ reason: 'denied' }),
  progress: () => progress(),
  cancelRequested: () => cancelRequested(),
  cancelAnswered: () => cancelAnswered(),
  settled: () => settled(),
} satisfies Record<string, (n: number) => LedgerEvent>;
type Kind = keyof typeof kinds;

/** A person's word is taken wherever nobody else can say; `refused` too, because AWS may show a task nonetheless. */
const open: Partial<Record<Kind, ReceiptState>> = {
  issued: 'issued',
  'issued as another task': 'issued',
  released: 'waiting',
  refused: 'refused',
  unknown: 'inDoubt',
  // For whoever has watched it past the takeover; the fold cannot know who has.
  adopted: 'issued',
  absent: 'waiting',
  ambiguous: 'ambiguous',
  'claimed after a look': 'claimed',
  doubled: 'doubled',
  'resolved as made': 'issued',
  'resolved as not made': 'waiting',
};
const late: Partial<Record<Kind, ReceiptState>> = { issued: 'issued', 'issued as another task': 'issued' };
const free: Partial<Record<Kind, ReceiptState>> = {
  ...late,
  claimed: 'claimed',
  'claimed after a look': 'claimed',
  noted: 'waiting',
  'resolved as made': 'issued',
};
const fresh: Partial<Record<Kind, ReceiptState>> = {
  claimed: 'claimed',
  baseline: 'baseline',
  noted: 'pending',
  'resolved as made': 'issued',
};
const made: Partial<Record<Kind, ReceiptState>> = {
  issued: 'issued',
  'issued as another task': 'doubled',
  // A listing may show a second task of a revision that has one.
  doubled: 'doubled',
  progress: 'issued',
  settled: 'settled',
};
const done: Partial<Record<Kind, ReceiptState>> = {
  issued: 'settled',
  'issued as another task': 'doubled',
  doubled: 'doubled',
};

const allowed: Record<Past, Partial<Record<Kind, ReceiptState>>> = {
  none: fresh,
  pending: fresh,
  claimed: open,
  'claimed again': open,
  inDoubt: {
    ...late,
    adopted: 'issued',
    absent: 'waiting',
    ambiguous: 'ambiguous',
    'claimed after a look': 'claimed',
    doubled: 'doubled',
    'resolved as made': 'issued',
    'resolved as not made': 'waiting',
  },
  waiting: free,
  'waiting after a look': free,
  ambiguous: {
    ...late,
    adopted: 'issued',
    doubled: 'doubled',
    'resolved as made': 'issued',
    'resolved as not made': 'waiting',
  },
  issued: { ...made, cancelRequested: 'issued' },
  'issued by adoption': { ...made, cancelRequested: 'issued' },
  'issued, its cancel requested': { ...made, cancelAnswered: 'issued' },
  'issued, its cancel answered': made,
  settled: done,
  'settled before the answer': { ...done, cancelAnswered: 'settled' },
  refused: { ...late, 'resolved as made': 'issued' },
  doubled: { issued: 'doubled', 'issued as another task': 'doubled' },
  baseline: {},
};

const all = Object.keys(kinds) as Kind[];
const pairs = (Object.keys(pasts) as Past[]).flatMap((past) =>
  all.map((kind) => ({ past, kind, next: allowed[past][kind] })),
);

function live(past: Past): { readonly ledger: Ledger; readonly event: (kind: Kind) => LedgerEvent } {
  const ledger = new Ledger().write(...pasts[past]);
  const n = ledger.view.receipts.get(tokenA)?.attempts.length ?? 0;
  return { ledger, event: (kind) => kinds[kind](n) };
}

const stateOf = (ledger: Ledger): ReceiptState | 'none' => {
  const receipt = ledger.view.receipts.get(tokenA);
  return receipt === undefined ? 'none' : receiptState(receipt);
};

describe('a receipt', () => {
  it.each(Object.keys(pasts) as Past[])('is brought into its state: %s', (past) => {
    expect(past.split(/[ ,]/)[0]).toBe(stateOf(live(past).ledger));
  });

  it('is tried in every state', () => {
    expect(new Set(Object.keys(pasts).map((past) => past.split(/[ ,]/)[0]))).toEqual(
      new Set(['none', ...receiptStates]),
    );
  });

  it.each(pairs.filter(({ next }) => next !== undefined))(
    '$past, $kind: becomes $next',
    ({ past, kind, next }) => {
      const { ledger, event } = live(past);
      expect(ledger.fold(event(kind))).toBeNull();
      expect(stateOf(ledger)).toBe(next);
    },
  );

  it.each(pairs.filter(({ next }) => next === undefined))(
    '$past, $kind: is forbidden, by name',
    ({ past, kind }) => {
      const { ledger, event } = live(past);
      const before = stateOf(ledger);
      const problem = ledger.fold(event(kind));
      expect(problem).toMatchObject({ code: 'SG4202', class: 'human' });
      expect(problem?.message).toContain(`${event(kind).kind} for lab/job (${tokenA.slice(0, 12)})`);
      expect(problem?.message).toMatch(
        /not allowed while it is|there is no attempt|already ended|settled by a look|its look|its cancel|no cancel of it/,
      );
      expect(stateOf(ledger)).toBe(before);
    },
  );

  const outcomes = ['issued', 'released', 'refused', 'unknown'] as const;
  const strangers = [
    { who: 'another replica', as: { replica: 'two' } },
    { who: 'another life of the same replica', as: { run: 'life-2' } },
  ];
  const claims = ['claimed', 'inDoubt', 'waiting', 'ambiguous', 'issued', 'refused'] as const;
  it.each(
    claims.flatMap((past) => outcomes.flatMap((kind) => strangers.map((who) => ({ past, kind, ...who })))),
  )('$past: $who may not write $kind', ({ past, kind, as }) => {
    const { ledger, event } = live(past);
    expect(ledger.foldAs(as, event(kind))?.message).toContain('only it may say how it ended');
  });

  it.each(['claimed', 'inDoubt'] as const)('%s: any replica writes what its look found', (past) => {
    for (const kind of ['adopted', 'absent', 'ambiguous', 'doubled', 'claimed after a look'] as const) {
      const { ledger, event } = live(past);
      expect(ledger.foldAs({ replica: 'two', run: 'other' }, event(kind))).toBeNull();
    }
  });
});
