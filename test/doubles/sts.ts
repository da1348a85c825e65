import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

interface StsRequest {
  readonly action: string;
  readonly parameters: URLSearchParams;
  /** The access key id in the signature, null without one. */
  readonly accessKeyId: string | null;
  readonly region: string | null;
}

export interface StsReply {
  readonly status: number;
  readonly body: string;
}

export interface StsOptions {
  /** The account of an access key; the default for keys that are not listed. */
  readonly account: string;
  readonly accounts?: Readonly<Record<string, string>>;
  /** How long assumed credentials live. */
  readonly lifeMs?: number;
}

/** AWS STS in its query protocol, as far as role assumption and GetCallerIdentity go, on a loopback port. */
export interface FakeSts {
  readonly endpoint: string;
  readonly requests: StsRequest[];
  /** Answers the next requests of an action by this reply, until null; 'hang' never answers, 'reset' cuts. */
  script(action: string, reply: StsReply | 'hang' | 'reset' | null): void;
  lifeMs: number;
  close(): Promise<void>;
}

export async function startSts(options: StsOptions): Promise<FakeSts> {
  const sockets = new Set<Socket>();
  const scripts = new Map<string, StsReply | 'hang' | 'reset'>();
  const requests: StsRequest[] = [];
  let assumed = 0;
  const server = createServer((incoming, outgoing) => {
    void readBody(incoming).then((body) => {
      const parameters = new URLSearchParams(body);
      const action = parameters.get('Action') ?? '';
      const scope = /Credential=([^/]+)\/\d+\/([^/]+)\//.exec(incoming.headers.authorization ?? '');
      requests.push({ action, parameters, accessKeyId: scope?.[1] ?? null, region: scope?.[2] ?? null });
      const scripted = scripts.get(action);
      if (scripted === 'hang') return;
      if (scripted === 'reset') {
        incoming.socket.resetAndDestroy();
        return;
      }
      assumed += 1;
      answer(outgoing, scripted ?? reply(action, scope?.[1] ?? '', assumed));
    });
  });

  function reply(action: string, key: string, count: number): StsReply {
    if (action === 'AssumeRole') return { status: 200, body: assumedRole(count, Date.now() + sts.lifeMs) };
    if (action === 'GetCallerIdentity') {
      return { status: 200, body: callerIdentity(options.accounts?.[key] ?? options.account) };
    }
    return stsError(400, 'InvalidAction', `no ${action} here`);
  }

  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const sts: FakeSts = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    lifeMs: options.lifeMs ?? 3_600_000,
    script: (action, scripted) => {
      if (scripted === null) scripts.delete(action);
      else scripts.set(action, scripted);
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
  return sts;
}

/** An error as STS words it. */
export function stsError(status: number, code: string, message: string): StsReply {
  return {
    status,
    body: `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>5f2d1b6e-0000-4000-8000-000000000001</RequestId></ErrorResponse>`,
  };
}

function assumedRole(count: number, expiresMs: number): string {
  return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>AROAEXAMPLE:snowgate</AssumedRoleId><Arn>arn:aws:sts::111122223333:assumed-role/snowgate/x</Arn></AssumedRoleUser><Credentials><AccessKeyId>ASIAASSUMED${String(count).padStart(9, '0')}</AccessKeyId><SecretAccessKey>assumed/secret&amp;${count}</SecretAccessKey><SessionToken>assumed&lt;token&gt;${count}</SessionToken><Expiration>${new Date(expiresMs).toISOString()}</Expiration></Credentials></AssumeRoleResult><ResponseMetadata><RequestId>5f2d1b6e-0000-4000-8000-000000000002</RequestId></ResponseMetadata></AssumeRoleResponse>`;
}

function callerIdentity(account: string): string {
  return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:sts::${account}:assumed-role/snowgate/x</Arn><UserId>AROAEXAMPLE:x</UserId><Account>${account}</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>5f2d1b6e-0000-4000-8000-000000000003</RequestId></ResponseMetadata></GetCallerIdentityResponse>`;
}

function answer(outgoing: ServerResponse, { status, body }: StsReply): void {
  outgoing.writeHead(status, { 'content-type': 'text/xml' });
  outgoing.end(body);
}

async function readBody(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
