/** From the bytes of a scenario file to what the simulator begins with and what happens then. */
import { createCheck } from '../lib/document-check.ts';
import type { ValuePath } from '../lib/document-place.ts';
import { readDeviceChange } from './device-change.ts';
import type { Findings, ReadFile } from './document-file.ts';
import { readSingle } from './document-file.ts';
import { Violations } from './grammar.ts';
import type { DeviceOptions } from './roster.ts';
import type { RuleOptions } from './rules.ts';
import { scenarioSchema } from './scenario-schema.ts';
import type { Names, WrittenStep } from './scenario-steps.ts';
import { readRuleAt, readSettingsAt, readSteps } from './scenario-steps.ts';
import { devicesMax } from './seats.ts';
import type { FleetSeat } from './service.ts';
import type { Settings } from './settings.ts';
import type { Step } from './steps.ts';
import type { Written } from './written.ts';

export interface Scenario {
  readonly seed?: number;
  readonly settings: Partial<Settings>;
  readonly fleets: readonly FleetSeat[];
  readonly rules: readonly RuleOptions[];
  readonly steps: readonly Step[];
}

/** What a document holds once the schema has accepted it. */
interface WrittenScenario {
  readonly seed?: number;
  readonly settings?: Written;
  readonly fleets: readonly WrittenFleet[];
  readonly rules?: readonly Written[];
  readonly timeline?: readonly WrittenStep[];
}

interface WrittenFleet {
  readonly account: string;
  readonly region: string;
  readonly accessKeyIds?: readonly string[];
  readonly devices: readonly WrittenDevice[];
}

interface WrittenDevice extends Written {
  readonly name: string;
  readonly count?: number;
  readonly id?: string;
  readonly jobId?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

const checkScenario = createCheck(scenarioSchema, { showsValues: true });

/** Reads a scenario file. Every problem is told, with its place. */
export function readScenario(bytes: Uint8Array): ReadFile<Scenario> {
  return readSingle(bytes, 'Scenario', checkScenario, (value, findings) =>
    // The schema has accepted it.
    build(value as unknown as WrittenScenario, findings),
  );
}

function build(written: WrittenScenario, findings: Findings): Scenario {
  const names = new NameBook(findings);
  const fleets = written.fleets.map((fleet, index) => readFleet(fleet, index, names, findings));
  const rules = (written.rules ?? []).flatMap((rule, index) => readRuleAt(rule, ['rules', index], findings));
  return {
    ...(written.seed === undefined ? {} : { seed: written.seed }),
    settings: readSettingsAt(written.settings ?? {}, ['settings'], findings),
    fleets,
    rules,
    steps: readSteps(written.timeline ?? [], names, findings),
  };
}

/** Every name of a device or of a group, and which devices it means. */
class NameBook implements Names {
  readonly devices = new Map<string, readonly string[]>();
  readonly fleetOf = new Map<string, number>();
  readonly #findings: Findings;
  readonly #ids = new Set<string>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  /** Writes names down; a name that is taken is a finding at `path`. */
  add(group: string, members: readonly string[], fleet: number, path: ValuePath): void {
    for (const name of new Set([group, ...members])) {
      if (this.devices.has(name)) {
        this.#findings.add(
          'SG6007',
          path,
          `the name ${name} is taken`,
          'names are unique in the whole scenario',
        );
        return;
      }
      this.devices.set(name, name === group ? members : [name]);
    }
    for (const name of members) this.fleetOf.set(name, fleet);
  }

  addId(id: string, fleet: number, path: ValuePath): void {
    const place = `${fleet} ${id}`;
    if (this.#ids.has(place)) this.#findings.add('SG6007', path, `the id ${id} is taken in this fleet`);
    this.#ids.add(place);
  }
}

function readFleet(written: WrittenFleet, index: number, names: NameBook, findings: Findings): FleetSeat {
  const devices: DeviceOptions[] = [];
  for (const [place, device] of written.devices.entries()) {
    const path = ['fleets', index, 'devices', place];
    const count = device.count ?? 1;
    if (devices.length + count > devicesMax) {
      findings.add('SG6009', path, `a fleet has at most ${devicesMax} devices`);
      break;
    }
    const options = readDevice(device, path, findings);
    const members =
      device.count === undefined
        ? [device.name]
        : Array.from({ length: count }, (_, member) => `${device.name}-${member + 1}`);
    names.add(device.name, members, index, [...path, 'name']);
    if (device.id !== undefined) names.addId(device.id, index, [...path, 'id']);
    for (const name of members) devices.push({ ...options, name });
  }
  const { account, region, accessKeyIds = [] } = written;
  return { account, region, accessKeyIds, devices };
}

function readDevice(written: WrittenDevice, path: ValuePath, findings: Findings): DeviceOptions {
  const { id, jobId, tags } = written;
  if (id !== undefined && written.count !== undefined) {
    findings.add('SG6009', [...path, 'id'], 'several devices cannot have one id', 'leave id or count out');
  }
  const change = readDeviceChange(written);
  if (!change.ok) for (const problem of change.problems) findings.add('SG6009', path, problem);
  const violations = new Violations();
  violations.checkTags(tags ?? {});
  const refusal = violations.conclude();
  if (refusal?.ok === false) findings.add('SG6009', [...path, 'tags'], refusal.fault.message);
  return {
    ...(id === undefined ? {} : { deviceId: id }),
    ...(jobId === undefined ? {} : { jobId }),
    ...(tags === undefined ? {} : { tags }),
    ...(change.ok ? change.value : {}),
  };
}
