/** The built program on real servers: one world of e2e, whose repositories are served by https (HTTP/2) and ssh. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Change, makeWorld, quickDevices, type World } from '../e2e/world.ts';
import { makeAuthority } from './authority.ts';
import { type HttpsPrograms, type HttpsServer, startHttpsServer, users, type Way } from './https-server.ts';
import { type ForwardProxy, startProxy } from './proxy.ts';
import { prepareServerGit, type Repositories } from './repositories.ts';
import { type SshPrograms, type SshServer, startSshServer } from './ssh-server.ts';

export interface ProgramWorld {
  readonly world: World;
  readonly repositories: Repositories;
  readonly https: HttpsServer;
  readonly ssh: SshServer | null;
  readonly proxy: ForwardProxy | null;
  /** The files that `auth` may name. */
  readonly files: Readonly<
    Record<'caFile' | 'otherCaFile' | 'writer' | 'reader' | 'token' | 'wrong', string>
  >;
  end(): Promise<void>;
}

export async function openProgramWorld(
  programs: HttpsPrograms,
  others: { readonly ssh?: SshPrograms | null; readonly tinyproxy?: string | null } = {},
): Promise<ProgramWorld> {
  const world = await makeWorld(...quickDevices);
  const ends: (() => Promise<void>)[] = [world.close];
  const end = async (): Promise<void> => {
    for (const each of ends.reverse()) await each();
  };
  const started = async <T extends { end(): Promise<void> }>(starting: Promise<T>): Promise<T> => {
    const server = await starting;
    ends.push(server.end);
    return server;
  };
  try {
    const dir = join(world.dir, 'server');
    const repositories = await prepareServerGit(world.dir, dir);
    await mkdir(join(dir, 'authority'));
    const authority = await makeAuthority(programs.openssl, join(dir, 'authority'));
    const https = await started(
      startHttpsServer(programs, join(dir, 'https'), authority, repositories, true),
    );
    const { ssh, tinyproxy } = others;
    const secret = async (name: string, text: string): Promise<string> => {
      await writeFile(join(dir, name), `${text}\n`, { mode: 0o600 });
      return join(dir, name);
    };
    return {
      world,
      repositories,
      https,
      ssh: ssh == null ? null : await started(startSshServer(ssh, join(dir, 'ssh'), repositories)),
      proxy:
        tinyproxy == null
          ? null
          : await started(startProxy(tinyproxy, join(dir, 'proxy'), { ports: [https.port()] })),
      files: {
        caFile: authority.caFile,
        otherCaFile: authority.otherCaFile,
        writer: await secret('writer', users.writer.password),
        reader: await secret('reader', users.reader.password),
        token: await secret('token', users.token.password),
        wrong: await secret('wrong', 'canary-of-last-year'),
      },
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

/** The usual setting: the source is read with a password that may only read, the ledger written with another. */
export function byPassword({ https, files }: ProgramWorld, ledger: string, way?: Way): Change {
  const { caFile, reader, writer } = files;
  return {
    source: {
      url: https.url('source.git'),
      auth: { username: users.reader.name, passwordFile: reader, caFile },
    },
    ledger: {
      url: https.url(ledger, way),
      auth: { username: users.writer.name, passwordFile: writer, caFile },
    },
  };
}

/** Makes the ledger, and answers its id. */
export async function initLedger({ world }: ProgramWorld, name: string, change: Change): Promise<string> {
  const made = await world.finish(
    'ledger',
    'init',
    '--config',
    world.configure(name, change),
    '--format',
    'json',
  );
  expect(made).toMatchObject({ code: 0, stderr: '' });
  return String(JSON.parse(made.stdout).ledger);
}

/** Proves that what the program has written holds no secret. */
export function expectClean(text: string): void {
  expect(text).not.toMatch(/canary/);
  for (const { name, password } of Object.values(users)) {
    expect(text).not.toContain(Buffer.from(`${name}:${password}`).toString('base64'));
  }
}
