/** A world in which everything that others can write tries to act: on a browser, and on whoever reads. */
import type { Script } from '../controller/scripted-fleet.ts';
import { makeConfig } from '../controller/world.ts';
import { Watched } from '../http/watched.ts';
import { yaml } from '../plan/stage.ts';

/** Markup of every kind, with a name that shows who has planted it. */
function attack(name: string): string {
  return `"'><script>alert(1)</script><img src=x onerror=alert(2)><a href="javascript:alert(3)" style="position:fixed">${name}</a>\u202e`;
}

/** As it stands in YAML, whose gate lets no character through that nobody sees. */
const quoted = (name: string): string => JSON.stringify(attack(name).replace('\u202e', ''));

const policies = `apiVersion: snowgate/v1
kind: Window
metadata: {name: nights}
spec:
  description: ${quoted('described')}
  timeZone: Europe/Oslo
  open:
    - {start: "0 22 * * FRI", duration: 6h}
  closed:
    - {from: 2026-11-25T00:00, to: 2026-11-26T00:00, reason: ${quoted('frozen')}}
---
apiVersion: snowgate/v1
kind: Policy
metadata: {name: rule}
spec:
  description: ${quoted('policy')}
  match: {names: [held]}
  rules:
    - {name: window, window: nights, message: ${quoted('window')}}
    - {name: ticket, require: '"change" in task.annotations', message: ${quoted('ticket')}, otherwise: hold}
---
apiVersion: snowgate/v1
kind: Suspension
metadata: {name: stop}
spec: {fleet: sea, reason: ${quoted('suspended')}}
`;

/** Its pages, and words that must stand on some of them: what is hostile is shown, and does nothing. */
export const hostilePaths = [
  '/',
  '/tasks',
  '/tasks/lab/held',
  '/tasks/lab/job',
  '/tasks/lab/refused',
  '/tasks/sea/stopped',
  '/windows',
  '/windows/nights',
  '/fleets/lab',
  '/fleets/sea',
  '/devices/lab/smd-1',
] as const;

export const planted = [
  'described',
  'frozen',
  'ticket',
  'suspended',
  'author',
  'subject',
  'refusal',
  'path',
] as const;

/** Passes until all of it is known. */
export async function makeHostile(): Promise<Watched> {
  const plain = makeConfig();
  const source = { ...plain.source, url: 'https://github.com/marine/tasks.git' };
  const watched = new Watched({ config: { ...plain, source } });
  const { world } = watched;
  world.rule({ policies });
  const files = {
    job: yaml(),
    held: yaml({ name: 'held', metadata: [`annotations: {note: ${quoted('note')}}`] }),
    refused: yaml({ name: 'refused', targets: ['smd-5'] }),
    stopped: yaml({ name: 'stopped', fleet: 'sea', targets: ['smd-6'] }),
    [attack('path').replaceAll('/', '|')]: `apiVersion: snowgate/v1\nkind: ${quoted('kind')}\n`,
  };
  const refuse: Script = (request) =>
    request.targets.includes('smd-5')
      ? { kind: 'refused', error: 'ValidationException', message: attack('refusal'), requestId: 'r' }
      : 'make';
  world.lab.scripts.push(refuse, refuse, refuse);
  world.origin.commit({
    files: Object.fromEntries(Object.entries(files).map(([name, text]) => [`tasks/${name}.yaml`, text])),
    timeMs: world.clock.wall,
    author: `${attack('author').replaceAll(/[<>]/g, '')} <${attack('address').replaceAll(/[<>]/g, '')}>`,
    message: attack('subject'),
  });
  for (let turn = 0; turn < 4; turn += 1) {
    await watched.pass();
    world.clock.advance(6_000);
  }
  return watched;
}
