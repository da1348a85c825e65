/**
 * The paths under `/_simulator`, which AWS does not have: faults ordered and lifted, devices unplugged, time moved, everything read.
 * Pure: a request's parts and the time in, a status and JSON out. docs/SIMULATOR.md is its reference.
 */
import type { Device } from './device.ts';
import { changeDevices, changeKeys, readDeviceChange } from './device-change.ts';
import type { Fleet } from './fleet.ts';
import type { Service } from './service.ts';
import { addRule, changeSettings } from './service.ts';
import { writeState, writeSummary } from './snapshot.ts';
import { playTimeline } from './timeline.ts';
import type { Readings, Written } from './written.ts';
import { durationMsMax, findUnknownKeys, isWritten, quote, readRule, readSettings } from './written.ts';

export const controlPath = '/_simulator';

/** More than anybody writes by hand; each call looks at every rule. */
const rulesMax = 1_000;

export interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly bodyText: string;
}

export interface ControlAnswer {
  readonly status: number;
  readonly body: unknown;
}

type Handler = (service: Service, body: Written, nowMs: number) => ControlAnswer;

const handlers: Readonly<Record<string, Handler>> = {
  'GET /_simulator': (service, _body, nowMs) => done(writeSummary(service, nowMs)),
  'GET /_simulator/state': (service, _body, nowMs) => done(writeState(service, nowMs)),
  'GET /_simulator/calls': (service) => done(service.calls),
  'POST /_simulator/rules': postRule,
  'DELETE /_simulator/rules': (service) => {
    service.rules = [];
    return done({});
  },
  'POST /_simulator/settings': postSettings,
  'POST /_simulator/devices': postDevices,
  'POST /_simulator/time': postTime,
};

function done(body: unknown): ControlAnswer {
  return { status: 200, body };
}

function wrong(problems: readonly string[]): ControlAnswer {
  return { status: 400, body: { problems } };
}

/** Answers one control request; what is wrong with it comes as `{"problems": [...]}`. */
export function answerControl(service: Service, request: ControlRequest, nowMs: number): ControlAnswer {
  playTimeline(service, nowMs);
  const single = /^DELETE \/_simulator\/rules\/([0-9]{1,9})$/.exec(`${request.method} ${request.path}`);
  if (single !== null) return deleteRule(service, Number(single[1]));
  const handler = handlers[`${request.method} ${request.path}`];
  if (handler === undefined) {
    return { status: 404, body: { problems: ['no such path'], paths: Object.keys(handlers) } };
  }
  let body: unknown;
  try {
    body = request.bodyText === '' ? {} : JSON.parse(request.bodyText);
  } catch {
    return wrong(['the body is not JSON']);
  }
  return isWritten(body) ? handler(service, body, nowMs) : wrong(['the body must be an object']);
}

function postRule(service: Service, body: Written): ControlAnswer {
  const rule = readRule(body);
  if (!rule.ok) return wrong(rule.problems);
  const live = service.rules.filter(({ left }) => left > 0).length;
  if (live >= rulesMax) return wrong([`at most ${rulesMax} rules; DELETE /_simulator/rules takes all away`]);
  return done({ id: addRule(service, rule.value).id });
}

function deleteRule(service: Service, id: number): ControlAnswer {
  const rest = service.rules.filter((rule) => rule.id !== id);
  if (rest.length === service.rules.length) return { status: 404, body: { problems: [`no rule ${id}`] } };
  service.rules = rest;
  return done({});
}

function postSettings(service: Service, body: Written, nowMs: number): ControlAnswer {
  const settings = readSettings(body, ['listOrder']);
  if (!settings.ok) return wrong(settings.problems);
  changeSettings(service, settings.value, nowMs);
  return done(service.settings);
}

function postTime(service: Service, body: Written): ControlAnswer {
  const problems = findUnknownKeys(body, ['advanceMs', 'skewMs', 'checkSkew']);
  const { advanceMs, skewMs, checkSkew } = body;
  if (advanceMs !== undefined && !isWhole(advanceMs, 0, durationMsMax)) {
    problems.push(
      `advanceMs is ${quote(advanceMs)}: it must be whole milliseconds, 0 or more; time never goes back`,
    );
  }
  if (skewMs !== undefined && !isWhole(skewMs, -durationMsMax, durationMsMax)) {
    problems.push(`skewMs is ${quote(skewMs)}: it must be whole milliseconds, ahead or (negative) behind`);
  }
  if (checkSkew !== undefined && typeof checkSkew !== 'boolean') {
    problems.push(`checkSkew is ${quote(checkSkew)}: it must be true or false`);
  }
  if (service.advancedMs + (typeof advanceMs === 'number' ? advanceMs : 0) > 10 * durationMsMax) {
    problems.push('time was moved ten years ahead already');
  }
  if (problems.length > 0) return wrong(problems);
  if (typeof advanceMs === 'number') service.advancedMs += advanceMs;
  if (typeof skewMs === 'number') service.skewMs = skewMs;
  if (typeof checkSkew === 'boolean') service.checkSkew = checkSkew;
  return done({ advancedMs: service.advancedMs, skewMs: service.skewMs, checkSkew: service.checkSkew });
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
}

function postDevices(service: Service, body: Written, nowMs: number): ControlAnswer {
  const problems = findUnknownKeys(body, ['ids', 'account', 'region', ...changeKeys]);
  const change = readDeviceChange(body);
  if (!change.ok) problems.push(...change.problems);
  const chosen = chooseDevices(service, body);
  if (!chosen.ok) problems.push(...chosen.problems);
  if (!change.ok || !chosen.ok || problems.length > 0) return wrong(problems);
  changeDevices(chosen.value, change.value, nowMs);
  return done({ changed: chosen.value.length });
}

/** The devices named by `ids` within `account` and `region`; all of them where one is left out. */
function chooseDevices(service: Service, body: Written): Readings<(readonly [Fleet, Device])[]> {
  const { ids, account, region } = body;
  if (ids !== undefined && !Array.isArray(ids))
    return { ok: false, problems: ['ids must be a list of device ids'] };
  const fleets = service.fleets.filter(
    (fleet) =>
      (account === undefined || fleet.account === account) &&
      (region === undefined || fleet.region === region),
  );
  const all = fleets.flatMap((fleet) => fleet.devices.map((device) => [fleet, device] as const));
  if (ids === undefined) return { ok: true, value: all };
  const wanted = new Set<unknown>(ids);
  const chosen = all.filter(([, { deviceId }]) => wanted.has(deviceId));
  const found = new Set<unknown>(chosen.map(([, { deviceId }]) => deviceId));
  const missing = [...wanted].filter((id) => !found.has(id));
  if (missing.length > 0) return { ok: false, problems: missing.map((id) => `no device ${quote(id)}`) };
  return { ok: true, value: chosen };
}
