import { describeLedgerStore } from '../contract/ledger-store.ts';
import { beginWorld } from './ledger-world.ts';

const rounds = { ofTwo: 8, ofEight: 4 };
describeLedgerStore('real git over smart http', { rounds }, () => beginWorld('http'));
