/** The routes of the pages: from a request to a model, to what of it may be shown, to HTML. */
import type { ControllerStatus } from '../controller/status.ts';
import { knownDevices } from './device-names.ts';
import { type Html, html } from './html.ts';
import { assetAnswer, assets } from './page-assets.ts';
import { cleanModel, makeClean } from './page-clean.ts';
import { deviceModel, deviceView, fleetModel, fleetView } from './page-fleet.ts';
import { makeForges } from './page-forge.ts';
import { page, type Section } from './page-frame.ts';
import { LiveStreams } from './page-live.ts';
import { overviewModel, summaryOf } from './page-overview.ts';
import { overviewView } from './page-overview-view.ts';
import { taskModel } from './page-task.ts';
import { taskView } from './page-task-view.ts';
import { readFilter, tasksModel, tasksView } from './page-tasks.ts';
import { windowModel, windowsModel } from './page-windows.ts';
import { windowsView, windowView } from './page-windows-view.ts';
import { type PageWorld, rememberTasks } from './page-world.ts';
import { type Route, type RouteOptions, textAnswer } from './route.ts';

/** Only what this server sends, and nothing inline; a form leads back here. */
const contentPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join('; ');

/** One page: its model and how that is shown, with types that belong together. */
interface Content<Model> {
  readonly title: string;
  readonly section: Section;
  readonly model: Model;
  readonly view: (model: Model) => Html;
}

/** The same, where there may be nothing of the name. */
interface Asked<Model> extends Omit<Content<Model>, 'model'> {
  readonly model: Model | null;
}

type Answer = <Model>(content: Content<Model>, httpStatus?: number) => Response;

/** The pages, what they load and what they listen to. */
export function pageRoutes(options: RouteOptions): Route[] {
  const { config, controllerConfig, readStatus, redactor, subscribe } = options;
  const forges = makeForges(controllerConfig);
  const tasksOf = rememberTasks();
  const streams = new LiveStreams({ subscribe, readRevision: () => revisionOf(readStatus()) });
  const showsDevices = !config.redactDevices;
  const guarded = (path: string, answer: Route['answer']): Route => ({
    listener: 'web',
    method: 'GET',
    path,
    needs: 'token',
    answer,
  });
  const shown = (
    path: string,
    make: (
      world: PageWorld,
      answer: Answer,
      request: Request,
      names: Readonly<Record<string, string>>,
    ) => Response,
  ): Route =>
    guarded(path, (request, names) => {
      const status = readStatus();
      const world = { status, config: controllerConfig, forges, tasks: tasksOf(status), showsDevices };
      const clean = makeClean(redactor, showsDevices ? null : knownDevices(status));
      const answer: Answer = ({ title, section, model, view }, httpStatus = 200) => {
        const frame = {
          title: clean(title),
          section,
          replica: clean(status.replica),
          atMs: status.atMs,
          revision: revisionOf(status),
          summary: clean(summaryOf(world)),
        };
        return htmlAnswer(httpStatus, page(frame, view(cleanModel(model, clean))));
      };
      return make(world, answer, request, names);
    });
  return [
    shown('/', (world, answer) =>
      answer({ title: 'Overview', section: 'overview', model: overviewModel(world), view: overviewView }),
    ),
    shown('/tasks', tasksPage),
    shown('/tasks/:fleet/:name', (world, answer, _request, { fleet = '', name = '' }) =>
      found(answer, {
        title: `${fleet}/${name}`,
        section: 'tasks',
        model: taskModel(world, fleet, name),
        view: taskView,
      }),
    ),
    shown('/windows', (world, answer) =>
      answer({ title: 'Windows', section: 'windows', model: windowsModel(world), view: windowsView }),
    ),
    shown('/windows/:name', (world, answer, _request, { name = '' }) =>
      found(answer, { title: name, section: 'windows', model: windowModel(world, name), view: windowView }),
    ),
    shown('/fleets/:name', (world, answer, _request, { name = '' }) =>
      found(answer, { title: name, section: null, model: fleetModel(world, name), view: fleetView }),
    ),
    shown('/devices/:fleet/:id', (world, answer, _request, { fleet = '', id = '' }) => {
      // Whether there is such a device is what must not be told.
      const model = world.showsDevices ? deviceModel(world, fleet, id) : null;
      return found(answer, { title: id, section: null, model, view: deviceView });
    }),
    ...assets.map((asset) => guarded(asset.path, (request) => assetAnswer(asset, request))),
    guarded('/events', (request, _names, closing) => eventAnswer(streams, request, closing)),
  ];
}

/** Changes when a pass has ended, and never comes back in another life. */
function revisionOf({ run, passes }: ControllerStatus): string {
  return `${run}.${passes.ended}.${passes.bugs}`;
}

function tasksPage(world: PageWorld, answer: Answer, { url }: Request): Response {
  const read = readFilter(new URL(url).searchParams);
  if (!read.ok) {
    return answer({ title: 'Tasks', section: 'tasks', model: read.problem, view: problemView }, 400);
  }
  return answer({ title: 'Tasks', section: 'tasks', model: tasksModel(world, read.filter), view: tasksView });
}

function problemView(problem: string): Html {
  return html`<div class="title"><h1>This cannot be asked for</h1></div><p>${problem}</p><p><a href="/tasks">All tasks</a></p>`;
}

function found<Model>(answer: Answer, content: Asked<Model>): Response {
  const { model } = content;
  if (model !== null) return answer({ ...content, model });
  return answer({ title: 'Not found', section: content.section, model: null, view: missingView }, 404);
}

function missingView(): Html {
  return html`<div class="title"><h1>Not found</h1></div><p>Neither Git nor the ledger knows this name, as far as they were read.</p><p><a href="/">Overview</a></p>`;
}

function htmlAnswer(httpStatus: number, body: Html): Response {
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': contentPolicy };
  return new Response(body.toString(), { status: httpStatus, headers });
}

function eventAnswer(streams: LiveStreams, { method }: Request, closing: AbortSignal): Response {
  const headers = { 'content-type': 'text/event-stream; charset=utf-8' };
  // A stream that nobody reads would never end.
  if (method === 'HEAD') return new Response(null, { headers });
  const body = streams.open(closing);
  if (body === null) return textAnswer(503, 'too many streams, or closing\n', { 'retry-after': '30' });
  // Its connection ends with it: one that were kept would keep the server from ending.
  return new Response(body, { headers: { ...headers, connection: 'close', 'x-accel-buffering': 'no' } });
}
