import { describeLedgerStore } from '../contract/ledger-store.ts';
import { beginWorld } from './ledger-world.ts';

const rounds = { ofTwo: 6, ofEight: 3 };
describeLedgerStore('real git over smart http', { rounds }, () => beginWorld('http'));
