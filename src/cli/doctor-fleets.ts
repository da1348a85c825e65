import type { ControllerConfig, FleetConfig } from '../config/config.ts';
import type { Read, ServerTime } from '../controller/ports.ts';
import { systemClock } from '../lib/clock.ts';
import { type Fault, fault } from '../lib/faults.ts';
import { createTaskApi, type SnowFleet } from '../snow/task-api.ts';
import { broken, type Check, type CheckName, interrupted, passed, skipped } from './doctor-report.ts';
import { closeOnStop } from './stop.ts';
import type { Surroundings } from './surroundings.ts';

/** Asked at the same time; each is a few connections. */
const fleetsAtOnce = 32;

/** Asks every fleet, side by side, whether it lets this controller look; each ones's checks follow each other. */
export async function checkFleets(
  config: ControllerConfig,
  world: Surroundings,
  onChecks: (checks: readonly Check[]) => void,
): Promise<void> {
  const fleets = [...config.fleets.values()];
  for (let begun = 0; begun < fleets.length; begun += fleetsAtOnce) {
    const some = fleets.slice(begun, begun + fleetsAtOnce);
    const checks = await Promise.all(some.map((fleet) => checkFleet(fleet, config, world)));
    onChecks(checks.flat());
  }
}

async function checkFleet(
  fleet: FleetConfig,
  config: ControllerConfig,
  world: Surroundings,
): Promise<Check[]> {
  const { requestTimeoutMs } = config.issue;
  const api = createTaskApi(fleet, { requestTimeoutMs, clock: systemClock, redactor: world.redactor });
  closeOnStop(world.stop, { close: async () => api.close() });
  try {
    const checks = await askFleet(fleet, api, config.clock.toleranceMs);
    return world.stop.aborted ? [skipped('credentials', fleet.name, interrupted)] : checks;
  } finally {
    api.close();
  }
}

async function askFleet(fleet: FleetConfig, api: SnowFleet, toleranceMs: number): Promise<Check[]> {
  const proof = await api.prove();
  const access = judgeAccess(fleet, proof);
  if (proof.kind !== 'ok') {
    const why = 'there are no proved credentials to ask with';
    const unasked = (['ListDevices', 'DescribeDevice', 'ListTasks'] as const).map((name) =>
      skipped(name, fleet.name, why),
    );
    return [...access, ...unasked, judgeClock(fleet, [proof.server], toleranceMs)];
  }
  const [devices, tasks] = await Promise.all([askDevices(fleet, api), api.probeTasks()]);
  return [
    ...access,
    ...devices.checks,
    judgeCall('ListTasks', fleet, tasks),
    judgeClock(fleet, [proof.server, devices.server, tasks.server], toleranceMs),
  ];
}

/** Whether devices may be listed, and one of them described: rules ask for what only a description has. */
async function askDevices(
  fleet: FleetConfig,
  api: SnowFleet,
): Promise<{ readonly checks: readonly Check[]; readonly server: ServerTime | undefined }> {
  const listed = await api.probeDevice();
  const check = judgeCall('ListDevices', fleet, listed);
  const leave = (why: string) => ({
    checks: [check, skipped('DescribeDevice', fleet.name, why)],
    server: listed.server,
  });
  if (listed.kind !== 'ok') return leave('no device is known to ask for');
  if (listed.value === null) return leave('the fleet has no device to ask for');
  const described = await api.describeDevice(listed.value);
  // One that has left the account since it was listed was looked for, and so may be.
  const allowed = described.kind === 'notFound' ? listed : described;
  return { checks: [check, judgeCall('DescribeDevice', fleet, allowed)], server: listed.server };
}

/** Which step of getting credentials failed, by what was said of it; those after it were not tried. */
function judgeAccess(fleet: FleetConfig, proof: Read<{ readonly account: string }>): Check[] {
  const { name, roleArn, account } = fleet;
  const steps: { readonly name: CheckName; readonly good: string }[] = [
    { name: 'credentials', good: 'found' },
  ];
  if (roleArn !== undefined) steps.push({ name: 'role', good: `${roleArn} assumed` });
  steps.push({
    name: 'account',
    good: account === undefined ? 'none is configured, and STS was not asked' : `${account}, proved by STS`,
  });
  if (proof.kind === 'ok') return steps.map((step) => passed(step.name, name, step.good));
  const failedAt = failedStep(fleet, proof.fault);
  const at = steps.findIndex((step) => step.name === failedAt);
  return steps.map((step, index) => {
    if (index < at) return passed(step.name, name, step.good);
    if (index === at) return broken(step.name, name, proof.fault);
    return skipped(step.name, name, `${failedAt} failed`);
  });
}

function failedStep(fleet: FleetConfig, { code, message }: Fault): 'credentials' | 'role' | 'account' {
  if (code === 'SG5009' || code === 'SG5014' || message.startsWith('STS GetCallerIdentity')) return 'account';
  const isRole = fleet.roleArn !== undefined && message.includes(`assuming ${fleet.roleArn}`);
  return isRole ? 'role' : 'credentials';
}

function judgeCall(
  operation: 'ListDevices' | 'DescribeDevice' | 'ListTasks',
  fleet: FleetConfig,
  answer: Read<unknown>,
): Check {
  if (answer.kind === 'ok') return passed(operation, fleet.name, 'allowed');
  const { code, message } = answer.fault;
  if (code !== 'SG5008') return broken(operation, fleet.name, answer.fault);
  const whose = fleet.roleArn ?? 'the user or role that the credentials are of';
  const hint = `add snow-device-management:${operation} to the IAM policy of ${whose}; docs/AWS.md lists every action`;
  return broken(operation, fleet.name, fault(code, 'human', message, hint));
}

function judgeClock(
  fleet: FleetConfig,
  answers: readonly (ServerTime | undefined)[],
  toleranceMs: number,
): Check {
  const skews = answers.flatMap((server) => (server === undefined ? [] : [server.serverMs - server.wallMs]));
  const [first, ...others] = skews;
  if (first === undefined) return skipped('clock', fleet.name, 'no answer of AWS has told the time');
  const skewMs = others.reduce((worst, skew) => (Math.abs(skew) > Math.abs(worst) ? skew : worst), first);
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const tolerance = `clock.tolerance is ${toleranceMs / 1000} s`;
  if (Math.abs(skewMs) <= toleranceMs) {
    return passed('clock', fleet.name, `${seconds} s from AWS's (${tolerance})`);
  }
  const side = skewMs > 0 ? 'behind' : 'ahead of';
  const text = `this machine's clock is ${seconds} s ${side} AWS's, and ${tolerance}`;
  const hint = 'set the clock of this machine, with NTP; nothing is called until the two agree';
  return broken('clock', fleet.name, fault('SG6211', 'human', text, hint));
}
