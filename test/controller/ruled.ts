/** A world with rules and one task, `lab/job`, and a life that has not begun its first pass. */
import { yaml } from '../plan/stage.ts';
import { makeConfig, World } from './world.ts';

export function begun(rules: Readonly<Record<string, string>>, config = makeConfig()) {
  const world = new World();
  world.rule(rules);
  world.commit({ job: yaml() });
  return { world, life: world.start({ config }) };
}
