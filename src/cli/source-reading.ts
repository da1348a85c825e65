import type { ControllerConfig } from '../config/config.ts';
import { withTemporaryDir } from '../git/ledger-audit.ts';
import { openSource } from '../git/source.ts';
import { ok, type Result } from '../lib/faults.ts';
import { collectDesired, type Desired } from '../manifest/collect.ts';
import { closeOnStop } from './stop.ts';
import type { Surroundings } from './surroundings.ts';

/** What the source asks for at its newest head. */
export interface Wanted {
  readonly head: string;
  readonly desired: Desired;
}

/** Fetches and reads the source once, beside a controller that may be running. Faults: those of the source, SG7008. */
export async function readWanted(config: ControllerConfig, world: Surroundings): Promise<Result<Wanted>> {
  const answer = await withTemporaryDir('snowgate-source-', async (stateDir): Promise<Result<Wanted>> => {
    const source = await openSource(config.source, { stateDir, redactor: world.redactor });
    if (!source.ok) return source;
    closeOnStop(world.stop, source.value);
    try {
      const fetched = await source.value.fetch();
      if (!fetched.ok) return fetched;
      const { head } = fetched.value;
      const tree = await source.value.read(head);
      return tree.ok ? ok({ head, desired: collectDesired(tree.value.files) }) : tree;
    } finally {
      await source.value.close();
    }
  });
  return answer.ok ? answer.value : answer;
}
