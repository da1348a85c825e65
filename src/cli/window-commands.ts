import type { Command } from 'commander';
import type { End } from './exit-codes.ts';
import { choiceOption } from './options.ts';
import type { Surroundings } from './surroundings.ts';
import type { WindowOptions } from './window-explain.ts';

/** Adds `window` and its command. */
export function addWindowCommands(program: Command, world: Surroundings, end: End): void {
  program
    .command('window')
    .summary('explain maintenance windows')
    .description('Maintenance windows: named sets of times, which policies ask for.')
    .command('explain')
    .summary('tell when a window is open, and why')
    .description(
      'Tells whether a window is open, why, when it opens and closes next, and its openings in the days that follow. Offline.',
    )
    .argument('<name>', 'the name of a window')
    .option('--at <time>', 'an instant with its offset, such as 2026-11-27T22:00:00+01:00 (default: now)')
    .option('--days <n>', 'how many days of openings are told', '14')
    .option('--path <dir>', 'the folder of the policies', 'policies')
    .addOption(
      choiceOption('--format <format>', 'how it is written', ['text', 'json', 'ics']).default('text'),
    )
    .action(async (name: string, options: WindowOptions) => {
      const { explainWindow } = await import('./window-explain.ts');
      end(await explainWindow(name, options, world));
    });
}
