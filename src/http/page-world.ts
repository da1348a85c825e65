/** What every page is made from: the status of this moment, and the tasks as the last pass left them. */
import type { ControllerConfig } from '../config/config.ts';
import type { ControllerStatus } from '../controller/status.ts';
import type { StatusGroup } from '../report/task-groups.ts';
import type { ShownTask, TaskBook } from './page-book.ts';
import type { Forges } from './page-forge.ts';
import type { Cut } from './page-parts.ts';

export interface PageWorld {
  readonly status: ControllerStatus;
  readonly config: ControllerConfig;
  readonly forges: Forges;
  readonly tasks: TaskBook;
  /** Whether device ids may be shown, and so linked. */
  readonly showsDevices: boolean;
}

/** The tasks of one group that are listed, the most urgent first. */
export function tasksIn(group: StatusGroup, { tasks }: PageWorld): readonly ShownTask[] {
  return tasks.groups.get(group) ?? [];
}

/** How many tasks are in a group, listed or not. */
export function numberIn(group: StatusGroup, world: PageWorld): number {
  const { older } = world.tasks;
  const unlisted = group === 'ended' ? older.ended : group === 'quiet' ? older.quiet : 0;
  return tasksIn(group, world).length + unlisted;
}

/** How much is listed of what has ended, or was never to be issued. */
export function cutOf(world: PageWorld): Cut {
  const groups = ['ended', 'quiet'] as const;
  const sum = (count: (group: StatusGroup) => number): number =>
    groups.reduce((all, group) => all + count(group), 0);
  return {
    listed: sum((group) => tasksIn(group, world).length),
    all: sum((group) => numberIn(group, world)),
  };
}
