/**
 * A believable world for the pages: ships and a depot, an unlock that waits for its window, a reboot that runs, a failure that
 * nobody has looked at, a file with errors. Everything comes about by passes over doubles.
 */
import type { ControllerConfig } from '../../src/config/config.ts';
import { ScriptedFleet } from '../controller/scripted-fleet.ts';
import { fleetConfig, makeConfig } from '../controller/world.ts';
import { Watched } from '../http/watched.ts';
import { type TaskText, yaml } from '../plan/stage.ts';

export const devices = {
  aurora: ['smd-fictbgr3rbcjeqa5', 'smd-a7xq2mwn4t6kzb3d'],
  borealis: ['smd-k2pv9dgh5w7rlc4f', 'smd-m8tb3nzs6y2qjx5h'],
  depot: ['smd-q4wj7cfe2n9vsk6m', 'smd-t6yl5hra8p3xdg2b', 'smd-v9zc8uko4m6wfn7j'],
} as const;

const windows = `apiVersion: snowgate/v1
kind: Window
metadata: {name: north-sea-nights}
spec:
  description: When the ships of the North Sea lie still.
  timeZone: Europe/Oslo
  open:
    - {start: "0 22 * * FRI,SAT", duration: 6h}
    - {start: "0 1 * * TUE", duration: 3h}
  closed:
    - {from: 2027-03-29T00:00, to: 2027-03-31T12:00, reason: quarter end}
  cutoff: 45m
---
apiVersion: snowgate/v1
kind: Window
metadata: {name: depot-days}
spec:
  description: The depot works on weekdays.
  timeZone: America/Los_Angeles
  open:
    - {start: "0 8 * * MON-FRI", duration: 9h}
  cutoff: 30m
`;

const policies = `apiVersion: snowgate/v1
kind: Policy
metadata: {name: unlock-inside-window}
spec:
  description: Devices are unlocked only inside their fleet's maintenance window.
  match: {commands: [unlock], fleets: [north-sea]}
  rules:
    - {name: window, window: north-sea-nights}
    - name: change-request
      require: '"change" in task.annotations'
      message: an unlock names its change request
`;

const broken = `apiVersion: snowgate/v1
kind: Task
metadata: {name: unlock-borealis-customs}
spec:
  fleet: north-sea
  comand: unlock
  targets: [smd-k2pv9dgh5w7rlc4f]
`;

function storyConfig(): ControllerConfig {
  const plain = makeConfig();
  const fleets = [
    fleetConfig('north-sea', {
      account: '111122223333',
      labels: { env: 'production' },
      maxInFlight: 4,
    }),
    fleetConfig('depot', { account: '444455556666', region: 'us-west-2' }),
  ];
  return {
    ...plain,
    replica: 'bridge-1',
    source: { ...plain.source, url: 'https://github.com/marine-ops/snow-tasks.git' },
    ledger: {
      ...plain.ledger,
      url: 'https://github.com/marine-ops/snow-ledger.git',
      branch: 'snowgate-ledger',
    },
    fleets: new Map(fleets.map((fleet) => [fleet.name, fleet])),
  };
}

const hourMs = 3_600_000;
/** A Thursday; the clocks of Europe change ten days later. */
const beginMs = Date.parse('2027-03-18T09:12:00.000Z');

export class Story extends Watched {
  constructor() {
    super({ config: storyConfig() });
    for (const name of ['north-sea', 'depot']) {
      const fleet = new ScriptedFleet(name, this.world.clock);
      fleet.account = name === 'depot' ? '444455556666' : '111122223333';
      fleet.devices.clear();
      const own = name === 'depot' ? devices.depot : [...devices.aurora, ...devices.borealis];
      for (const device of own) fleet.devices.add(device);
      this.world.fleets.set(name, fleet);
    }
    this.world.clock.advance(beginMs - this.world.clock.wall);
  }

  /** Passes with some seconds between them. */
  async turn(times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      await this.pass();
      this.world.clock.advance(31_000);
    }
  }

  add(files: Readonly<Record<string, TaskText | string>>, author: string, message: string): void {
    const below = Object.entries(files).map(([name, file]) => [
      `tasks/${name}.yaml`,
      typeof file === 'string' ? file : yaml(file),
    ]);
    const people = { author, message };
    this.world.origin.commit({
      files: Object.fromEntries(below),
      timeMs: this.world.clock.wall,
      ...people,
    });
  }

  /** What the newest task of a fleet does on its devices. */
  move(fleet: string, ...states: string[]): void {
    const task = this.world.fleet(fleet).tasks.at(-1);
    if (task === undefined) throw new Error(`no task on ${fleet}`);
    task.executions = states;
    const isOver = states.every((state) => state !== 'QUEUED' && state !== 'IN_PROGRESS');
    if (isOver) task.state = 'COMPLETED';
  }
}

const ann = 'Ann Lind <ann@marine.example>';
const tor = 'Tor Berg <tor@marine.example>';

/** Tells the whole story, up to a Monday at noon. */
export async function tellStory(): Promise<Story> {
  const story = new Story();
  story.world.rule({ windows, policies });
  const [ship, second] = devices.aurora;
  const [first, , third] = devices.depot;
  story.add(
    { 'depot/reboot-weekly': { name: 'reboot-weekly', fleet: 'depot', targets: [first] } },
    tor,
    'Weekly reboot of the depot',
  );
  await story.turn(3);
  story.move('depot', 'SUCCEEDED');
  await story.turn(3);
  story.world.clock.advance(26 * hourMs);
  story.add(
    {
      'depot/reboot-after-update': {
        name: 'reboot-after-update',
        fleet: 'depot',
        targets: devices.depot.slice(1),
        description: 'Reboot after the update of last week',
      },
    },
    tor,
    'Reboot two devices after their update (CHG10391)',
  );
  await story.turn(3);
  story.world.clock.advance(9 * 60_000);
  story.move('depot', 'SUCCEEDED', 'FAILED');
  await story.turn(3);
  story.world.clock.advance(70 * hourMs);
  story.add(
    {
      'north-sea/unlock-aurora-2027-03': {
        name: 'unlock-aurora-2027-03',
        fleet: 'north-sea',
        command: 'unlock',
        targets: [ship, second],
        description: 'Unlock after customs inspection',
        metadata: ['annotations: {change: CHG10423, reason: customs inspection}'],
        spec: ['tags: {owner: marine-ops}'],
      },
      'north-sea/unlock-borealis': broken,
      'north-sea/reboot-borealis-2027-03': {
        name: 'reboot-borealis-2027-03',
        fleet: 'north-sea',
        targets: devices.borealis,
      },
      'depot/reboot-weekly': { name: 'reboot-weekly', fleet: 'depot', targets: [first], run: 2 },
      'depot/reboot-archive': {
        name: 'reboot-archive',
        fleet: 'depot',
        targets: [third ?? first],
        spec: ['notBefore: 2027-03-24T09:00:00+01:00'],
      },
    },
    ann,
    'Unlock the Aurora after customs, reboot the Borealis',
  );
  await story.turn(3);
  story.move('north-sea', 'SUCCEEDED', 'IN_PROGRESS');
  await story.turn(2);
  return story;
}
