/** git's own http-backend behind nginx and fcgiwrap, as a company would run it: TLS, names and passwords, limits. */

import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram, freePort } from '../git/program.ts';
import type { Authority, Certificate } from './authority.ts';
import { certificates } from './authority.ts';
import type { Repositories } from './repositories.ts';
import { type Service, startService, waitForListener } from './services.ts';

const run = promisify(execFile);

export interface HttpsServer {
  /** The URL of a repository, by the way that leads to it. */
  url(repository: string, way?: Way, certificate?: Certificate): string;
  port(certificate?: Certificate): number;
  /** The front server dies at once; its port is nobody's until it is started again. */
  kill(): Promise<void>;
  start(): Promise<void>;
  end(): Promise<void>;
}

/**
 * `git`: who may read may be told apart from who may push, before anything is sent. `late`: a reader's push is refused
 * only when its objects come. `small`: a push must be short. `down`: nobody is behind the front server.
 */
export type Way = 'git' | 'late' | 'small' | 'down';

export const users = {
  writer: { name: 'snowgate', password: 'canary-writer-7d1f' },
  reader: { name: 'reader', password: 'canary-reader-90ac' },
  token: { name: 'x-access-token', password: 'canary-token-5b3e' },
} as const;

/** What a server needs, or null with a printed reason. */
export function findHttpsPrograms(): {
  readonly nginx: string;
  readonly fcgiwrap: string;
  readonly backend: string;
  readonly openssl: string;
} | null {
  const [nginx, fcgiwrap] = [findProgram('nginx', 'nginx'), findProgram('fcgiwrap', 'fcgiwrap')];
  const openssl = findProgram('openssl', 'openssl');
  const backend = join(execFileSync('git', ['--exec-path'], { encoding: 'utf8' }).trim(), 'git-http-backend');
  if (!existsSync(backend)) {
    process.stderr.write('tests of https are skipped: this git has no http-backend\n');
    return null;
  }
  return nginx === null || fcgiwrap === null || openssl === null
    ? null
    : { nginx, fcgiwrap, backend, openssl };
}

/** Runs plain git against the server, as a person with the writer's password. */
export async function gitAsWriter({ caFile }: Authority, gitDir: string, ...args: string[]): Promise<void> {
  const { name, password } = users.writer;
  const header = `Authorization: Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  const settings = ['-c', `http.sslCAInfo=${caFile}`, '-c', `http.extraHeader=${header}`];
  // Nothing inherited: a machine may name its own authorities and proxies to git.
  const env = {
    PATH: process.env.PATH ?? '',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
  };
  await run('git', ['--git-dir', gitDir, ...settings, ...args], { env });
}

export type HttpsPrograms = NonNullable<ReturnType<typeof findHttpsPrograms>>;

export async function startHttpsServer(
  programs: HttpsPrograms,
  dir: string,
  authority: Authority,
  repositories: Repositories,
  http2 = false,
): Promise<HttpsServer> {
  await mkdir(dir);
  const ports = new Map<Certificate, number>();
  for (const name of certificates) ports.set(name, await freePort());
  const port = (certificate: Certificate = 'good'): number => ports.get(certificate) ?? 0;
  const backendSocket = join(dir, 'backend.sock');
  const passwords = Object.values(users).map(({ name, password }) => `${name}:{PLAIN}${password}\n`);
  await writeFile(join(dir, 'passwords'), passwords.join(''), { mode: 0o600 });
  const config = join(dir, 'nginx.conf');
  await writeFile(
    config,
    nginxConfig(programs.backend, dir, authority, repositories, port, http2 ? 'ssl http2' : 'ssl'),
  );
  const env = {
    HOME: repositories.home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: repositories.configFile,
  };
  const backend = startService(programs.fcgiwrap, ['-c', '4', '-s', `unix:${backendSocket}`], {
    cwd: dir,
    env,
  });
  let front: Service | null = null;
  const kill = async (): Promise<void> => {
    await front?.kill();
    front = null;
  };
  const start = async (): Promise<void> => {
    front = startService(programs.nginx, ['-c', config, '-p', dir, '-e', join(dir, 'error.log')], {
      cwd: dir,
    });
    for (const each of ports.values()) await waitForListener(each, front);
  };
  const end = async (): Promise<void> => {
    await kill();
    await backend.kill();
    await rm(backendSocket, { force: true });
  };
  try {
    await waitForListener(backendSocket, backend);
    await start();
  } catch (error) {
    await end();
    throw error;
  }
  return {
    port,
    kill,
    start,
    end,
    url: (repository, way = 'git', certificate = 'good') =>
      `https://127.0.0.1:${port(certificate)}/${way}/${repository}`,
  };
}

function nginxConfig(
  backend: string,
  dir: string,
  authority: Authority,
  { root }: Repositories,
  port: (certificate: Certificate) => number,
  speaks: string,
): string {
  const toBackend = `fastcgi_pass unix:${dir}/backend.sock;
      fastcgi_param SCRIPT_FILENAME ${backend};
      fastcgi_param GIT_PROJECT_ROOT ${root};
      fastcgi_param GIT_HTTP_EXPORT_ALL 1;
      fastcgi_param GIT_PROTOCOL $http_git_protocol;
      fastcgi_param PATH_INFO $repository;
      fastcgi_param REMOTE_USER $remote_user;
      fastcgi_param REMOTE_ADDR $remote_addr;
      fastcgi_param REQUEST_METHOD $request_method;
      fastcgi_param QUERY_STRING $query_string;
      fastcgi_param CONTENT_TYPE $content_type;
      fastcgi_param CONTENT_LENGTH $content_length;`;
  const servers = certificates.map((name) => {
    const { key, certificate } = authority.files(name);
    return `server {
    listen 127.0.0.1:${port(name)} ${speaks};
    ssl_certificate ${certificate};
    ssl_certificate_key ${key};
    client_max_body_size 64m;
    auth_basic git;
    auth_basic_user_file ${dir}/passwords;
    location ~ ^/git(?<repository>/.+)$ {
      if ($reader_pushes) { return 403; }
      ${toBackend}
    }
    location ~ ^/late(?<repository>/.+)$ {
      if ($reader_sends) { return 403; }
      ${toBackend}
    }
    location ~ ^/small(?<repository>/.+/git-receive-pack)$ {
      client_max_body_size 300;
      ${toBackend}
    }
    location ~ ^/small(?<repository>/.+)$ {
      ${toBackend}
    }
    location /down { fastcgi_pass unix:${dir}/nobody.sock; }
  }`;
  });
  return `daemon off;
master_process off;
pid ${dir}/nginx.pid;
error_log ${dir}/error.log;
events { worker_connections 64; }
http {
  access_log ${dir}/access.log;
  client_body_temp_path ${dir}/body;
  fastcgi_temp_path ${dir}/fastcgi;
  proxy_temp_path ${dir}/proxy;
  scgi_temp_path ${dir}/scgi;
  uwsgi_temp_path ${dir}/uwsgi;
  map $request_uri $pushes { default 0; ~git-receive-pack 1; }
  map $remote_user:$pushes $reader_pushes { default 0; reader:1 1; }
  map $remote_user:$request_method:$pushes $reader_sends { default 0; reader:POST:1 1; }
  ${servers.join('\n  ')}
}
`;
}
