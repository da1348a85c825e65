import {
  emptyLedgerMemory,
  type LedgerMemory,
  LedgerRemote,
  openLedgerDouble,
  type PushFault,
} from '../doubles/ledger.ts';
import { describeLedgerStore } from './ledger-store.ts';
import type { LedgerWorld } from './ledger-world.ts';

function beginDouble(): Promise<LedgerWorld> {
  const remote = new LedgerRemote('{"v":1,"ledger":"6f1c0a3e-0000-4000-8000-000000000001"}\n');
  const memories = new Map<string, LedgerMemory>();
  let next: PushFault | undefined;
  let declining = false;
  const plan = {
    onPush: (): PushFault | undefined => {
      const trouble = declining ? 'refused' : next;
      next = undefined;
      return trouble;
    },
  };
  return Promise.resolve({
    format: remote.format,
    open: (replica, options = {}) => {
      const kept = options.lostState === true ? undefined : memories.get(replica);
      const memory = kept ?? emptyLedgerMemory();
      memories.set(replica, memory);
      const { acceptCommit } = options;
      return Promise.resolve(
        openLedgerDouble(remote, { plan, memory, ...(acceptCommit === undefined ? {} : { acceptCommit }) }),
      );
    },
    tip: () => Promise.resolve(remote.tip),
    rewind: (commit) => Promise.resolve(remote.rewind(commit)),
    deleteBranch: () => Promise.resolve(remote.deleteBranch()),
    loseNextAnswer: (when) => {
      next = when === 'beforeEffect' ? 'lostBefore' : 'lostAfter';
      return Promise.resolve();
    },
    decline: (on) => {
      declining = on;
      return Promise.resolve();
    },
    end: () => Promise.resolve(),
  });
}

describeLedgerStore('the double in memory', { rounds: { ofTwo: 100, ofEight: 100 } }, beginDouble);
