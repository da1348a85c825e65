import { describeLedgerStore } from '../contract/ledger-store.ts';
import { beginWorld } from './ledger-world.ts';

describeLedgerStore('real git over file://', { rounds: { ofTwo: 20, ofEight: 4 } }, () => beginWorld('file'));
