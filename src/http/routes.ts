/** Every route, with what it needs to be let in: one table, so that a new one cannot forget it. */
import type { HookProvider } from '../config/config.ts';
import type { ControllerStatus } from '../controller/status.ts';
import { writeJson } from '../lib/json-text.ts';
import { Turns } from '../lib/turns.ts';
import { statusJson, type TaskQuery, taskJson, taskListJson } from './api.ts';
import { Cursors } from './cursor.ts';
import { knownDevices, learnDevices } from './device-names.ts';
import { isAlive, judgeHealth } from './health.ts';
import { makeHide } from './page-clean.ts';
import { pageRoutes } from './page-routes.ts';
import { jsonType, type Route, type RouteOptions, textAnswer } from './route.ts';
import { TaskOrder } from './task-order.ts';

/** The routes of all listeners. */
export function makeRoutes(options: RouteOptions): Route[] {
  const turns = new Turns();
  return [
    ...probeRoutes(options),
    ...webRoutes(options, turns),
    ...pageRoutes(options, turns),
    ...hookRoutes(options),
  ];
}

function probeRoutes({ readStatus }: RouteOptions): Route[] {
  const probe = (path: string, answer: () => Response): Route => ({
    listener: 'probes',
    method: 'GET',
    path,
    needs: 'nothing',
    answer,
  });
  return [
    probe('/livez', () => {
      const alive = isAlive(readStatus());
      return textAnswer(alive ? 200 : 503, alive ? 'ok\n' : 'the loop does not turn\n');
    }),
    probe('/readyz', () => {
      const { isReady, checks } = judgeHealth(readStatus());
      const lines = checks.map(({ name, isGood, word }) => `${isGood ? '+' : '-'} ${name}: ${word}\n`);
      return textAnswer(isReady ? 200 : 503, `${isReady ? 'ready' : 'not ready'}\n${lines.join('')}`);
    }),
  ];
}

function webRoutes({ config, readStatus, metrics, redactor }: RouteOptions, turns: Turns): Route[] {
  const guarded = (path: string, answer: Route['answer']): Route => ({
    listener: 'web',
    method: 'GET',
    path,
    needs: 'token',
    answer,
  });
  const order = new TaskOrder(turns);
  const cursors = new Cursors();
  /** `cursor` is a word of our own, which has to come back as it was: by chance it may hold what looks like a secret. */
  const json = async (
    httpStatus: number,
    value: unknown,
    status: ControllerStatus,
    cursor: string | null = null,
  ): Promise<Response> => {
    if (config.redactDevices && status.desired !== null) await turns.run(learnDevices(status.desired));
    const hide = makeHide(redactor, config.redactDevices ? knownDevices(status) : null);
    const redact = (text: string): string => (text === cursor ? text : hide(text));
    const headers = { 'content-type': jsonType };
    return new Response(writeJson(value, { ...redactor, redact }), { status: httpStatus, headers });
  };
  return [
    guarded('/metrics', async () => {
      // Not redacted: labels are of the configuration and of closed lists, and the redactor bounds a text, which would cut it.
      const text = await metrics.write(readStatus());
      return new Response(text, { headers: { 'content-type': metrics.contentType } });
    }),
    guarded('/api/v1/status', () => {
      const status = readStatus();
      return json(200, statusJson(status), status);
    }),
    guarded('/api/v1/tasks', async ({ url }) => {
      const status = readStatus();
      const query = readQuery(new URL(url).searchParams);
      if (typeof query === 'string') return json(400, { problem: query }, status);
      const ordered = await order.read(status.decisions);
      const listed = await turns.run(taskListJson(status, query, { ordered, cursors }));
      return listed.ok
        ? json(200, listed.value, status, listed.next)
        : json(400, { problem: listed.problem }, status);
    }),
    guarded('/api/v1/tasks/:fleet/:name', (_request, { fleet = '', name = '' }) => {
      const status = readStatus();
      const found = taskJson(status, fleet, name);
      return found === null
        ? json(404, { problem: 'no task of this name' }, status)
        : json(200, found, status);
    }),
  ];
}

const queryKeys: readonly string[] = ['fleet', 'action', 'limit', 'after'] satisfies (keyof TaskQuery)[];

/** The query, or what is wrong with it: a misspelt key would else show everything, as if it were what was asked for. */
function readQuery(parameters: URLSearchParams): TaskQuery | string {
  const unknown = [...parameters.keys()].some((key) => !queryKeys.includes(key));
  if (unknown) return `the query may hold ${queryKeys.join(', ')}`;
  const { size } = new Set(parameters.keys());
  if (size < parameters.size) return `the query may hold each of ${queryKeys.join(', ')} once`;
  return Object.fromEntries(parameters);
}

function hookRoutes({ config, answerHook }: RouteOptions): Route[] {
  return [...config.hookSecretFiles.keys()].map(
    (provider: HookProvider): Route => ({
      listener: 'hooks',
      method: 'POST',
      path: `/hooks/${provider}`,
      needs: 'signature',
      answer: (request) => answerHook(request, provider),
    }),
  );
}
