/** tinyproxy as a company's way out: CONNECT to the ports that it knows, and no others. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../git/program.ts';
import { startService, waitForListener } from './services.ts';

export interface ForwardProxy {
  readonly url: string;
  /** How many tunnels it has opened. */
  tunnels(): number;
  end(): Promise<void>;
}

/** Starts one that opens tunnels to `ports` alone; with `password` nobody comes through who has none. */
export async function startProxy(
  tinyproxy: string,
  dir: string,
  options: { readonly ports: readonly number[]; readonly password?: string },
): Promise<ForwardProxy> {
  await mkdir(dir);
  const port = await freePort();
  const lines = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    'Allow 127.0.0.1',
    'Timeout 300',
    'MaxClients 20',
    'LogLevel Connect',
    `PidFile "${dir}/pid"`,
    ...options.ports.map((each) => `ConnectPort ${each}`),
    ...(options.password === undefined ? [] : [`BasicAuth company ${options.password}`]),
  ];
  const config = join(dir, 'tinyproxy.conf');
  await writeFile(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  const service = startService(tinyproxy, ['-d', '-c', config], { cwd: dir });
  await waitForListener(port, service).catch(async (error: unknown) => {
    await service.kill();
    throw error;
  });
  return {
    url: `http://127.0.0.1:${port}`,
    tunnels: () => service.said().match(/Established connection to host/g)?.length ?? 0,
    end: () => service.kill(),
  };
}
