/** The routes of the pages: from a request to a model, to what of it may be shown, to HTML. */

import type { Slices, Turns } from '../lib/turns.ts';
import { knownDevices, learnDevices } from './device-names.ts';
import { type Html, html } from './html.ts';
import { assetAnswer, assets } from './page-assets.ts';
import { revisionOf, TaskBooks } from './page-book.ts';
import { type Clean, cleanModel, makeClean } from './page-clean.ts';
import { deviceModel, deviceView, fleetModel, fleetView } from './page-fleet.ts';
import { makeForges } from './page-forge.ts';
import { type Frame, page, type Section } from './page-frame.ts';
import { LiveStreams } from './page-live.ts';
import { overviewModel, summaryOf } from './page-overview.ts';
import { overviewView } from './page-overview-view.ts';
import { taskModel } from './page-task.ts';
import { taskView } from './page-task-view.ts';
import { readFilter, tasksModel, tasksView } from './page-tasks.ts';
import { windowModel, windowsModel } from './page-windows.ts';
import { windowsView, windowView } from './page-windows-view.ts';
import type { PageWorld } from './page-world.ts';
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
interface Named<Model> extends Omit<Content<Model>, 'model'> {
  readonly model: Model | null;
}

type Answer = <Model>(content: Content<Model>, httpStatus?: number) => Promise<Response>;

/** What the page of a request is made from and with. */
interface Asked {
  readonly world: PageWorld;
  readonly request: Request;
  readonly names: Readonly<Record<string, string>>;
  readonly answer: Answer;
  /** Does long work in turns with everything else. */
  readonly work: <T>(slices: Slices<T>) => Promise<T>;
}

/** The pages, what they load and what they listen to. `turns` does their long work, and that of whoever else has it. */
export function pageRoutes(options: RouteOptions, turns: Turns): Route[] {
  const { config, controllerConfig, readStatus, redactor, subscribe } = options;
  const forges = makeForges(controllerConfig);
  const books = new TaskBooks(readStatus, turns);
  const streams = new LiveStreams({ subscribe, readRevision: () => revisionOf(readStatus()) });
  const showsDevices = !config.redactDevices;
  const guarded = (path: string, answer: Route['answer']): Route => ({
    listener: 'web',
    method: 'GET',
    path,
    needs: 'token',
    answer,
  });
  const shown = (path: string, make: (asked: Asked) => Promise<Response>): Route =>
    guarded(path, async (request, names) => {
      const tasks = await books.read();
      const status = readStatus();
      if (!showsDevices) {
        for (const desired of [tasks.desired, status.desired])
          if (desired !== null) await turns.run(learnDevices(desired));
      }
      const world = { status, config: controllerConfig, forges, tasks, showsDevices };
      const answer: Answer = ({ title, section, model, view }, httpStatus = 200) => {
        const clean = makeClean(redactor, showsDevices ? null : knownDevices(status, tasks.desired));
        const frame = {
          title: clean(title),
          section,
          replica: clean(status.replica),
          atMs: status.atMs,
          revision: tasks.revision,
          summary: clean(summaryOf(world)),
        };
        return turns.run(draw(model, { clean, view, frame, httpStatus }));
      };
      return make({ world, request, names, answer, work: (slices) => turns.run(slices) });
    });
  return [
    shown('/', ({ world, answer }) =>
      answer({ title: 'Overview', section: 'overview', model: overviewModel(world), view: overviewView }),
    ),
    shown('/tasks', tasksPage),
    shown('/tasks/:fleet/:name', ({ world, answer, names: { fleet = '', name = '' } }) =>
      found(answer, {
        title: `${fleet}/${name}`,
        section: 'tasks',
        model: taskModel(world, fleet, name),
        view: taskView,
      }),
    ),
    shown('/windows', async ({ world, answer, work }) => {
      const model = await work(windowsModel(world));
      return answer({ title: 'Windows', section: 'windows', model, view: windowsView });
    }),
    shown('/windows/:name', ({ world, answer, names: { name = '' } }) =>
      found(answer, { title: name, section: 'windows', model: windowModel(world, name), view: windowView }),
    ),
    shown('/fleets/:name', async ({ world, answer, work, names: { name = '' } }) => {
      const model = await work(fleetModel(world, name));
      return found(answer, { title: name, section: null, model, view: fleetView });
    }),
    shown('/devices/:fleet/:id', async ({ world, answer, work, names: { fleet = '', id = '' } }) => {
      // Whether there is such a device is what must not be told.
      const model = world.showsDevices ? await work(deviceModel(world, fleet, id)) : null;
      return found(answer, { title: id, section: null, model, view: deviceView });
    }),
    ...assets.map((asset) => guarded(asset.path, (request) => assetAnswer(asset, request))),
    guarded('/events', (request, _names, closing) => eventAnswer(streams, request, closing)),
  ];
}

async function tasksPage({ world, answer, work, request: { url } }: Asked): Promise<Response> {
  const read = readFilter(new URL(url).searchParams);
  if (!read.ok) {
    return answer({ title: 'Tasks', section: 'tasks', model: read.problem, view: problemView }, 400);
  }
  const model = await work(tasksModel(world, read.filter));
  return answer({ title: 'Tasks', section: 'tasks', model, view: tasksView });
}

function problemView(problem: string): Html {
  return html`<div class="title"><h1>This cannot be asked for</h1></div><p>${problem}</p><p><a href="/tasks">All tasks</a></p>`;
}

function found<Model>(answer: Answer, content: Named<Model>): Promise<Response> {
  const { model } = content;
  if (model !== null) return answer({ ...content, model });
  return answer({ title: 'Not found', section: content.section, model: null, view: missingView }, 404);
}

function missingView(): Html {
  return html`<div class="title"><h1>Not found</h1></div><p>Neither Git nor the ledger knows this name, as far as they were read.</p><p><a href="/">Overview</a></p>`;
}

interface Drawing<Model> {
  readonly clean: Clean;
  readonly view: (model: Model) => Html;
  readonly frame: Frame;
  readonly httpStatus: number;
}

/** From a model to what is sent. Some hundred rows are many texts to clean, and many to escape. */
function* draw<Model>(model: Model, { clean, view, frame, httpStatus }: Drawing<Model>): Slices<Response> {
  const shown = cleanModel(model, clean);
  yield;
  const body = page(frame, view(shown)).toString();
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': contentPolicy };
  return new Response(body, { status: httpStatus, headers });
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
