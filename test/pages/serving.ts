/** A real server for the pages of a world of doubles. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HttpConfig } from '../../src/config/config.ts';
import { Metrics } from '../../src/http/metrics.ts';
import { startServer } from '../../src/http/server.ts';
import { createRedactor } from '../../src/lib/redact.ts';
import { openHttp, routesOf, token, type Watched } from '../http/watched.ts';

export interface Served {
  readonly url: string;
  close(): Promise<void>;
}

/** The web listener over a world, on a free port; `port` is for one that comes back where it was. */
export async function serve(watched: Watched, over: Partial<HttpConfig> = {}, port = 0): Promise<Served> {
  const dir = mkdtempSync(join(tmpdir(), 'snowgate-pages-'));
  writeFileSync(join(dir, 'token'), token);
  const config = {
    ...openHttp,
    web: { host: '127.0.0.1', port },
    hooks: null,
    probes: null,
    tokenFiles: [join(dir, 'token')],
    ...over,
  };
  const metrics = new Metrics('1.2.3');
  const routes = routesOf(watched, { config, metrics });
  const journal = {
    write: (level: string, event: string, fields?: object) => {
      if (level === 'error') throw new Error(`${event} ${JSON.stringify(fields)}`);
    },
  };
  const started = await startServer({ config, routes, metrics, journal, redactor: createRedactor() });
  if (!started.ok) throw new Error(started.fault.message);
  return {
    url: `http://127.0.0.1:${started.value.addresses.get('web')?.port}`,
    close: async () => {
      await started.value.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
