import type { FleetConfig } from '../config/config.ts';
import type { ReadFailure, ServerTime } from '../controller/ports.ts';
import { failed, fault, ok, type Result } from '../lib/faults.ts';
import { asObject, quoteWords } from './answer.ts';
import { Call } from './call.ts';
import { isCredentialError, serverOf } from './outcome.ts';
import type { SendOptions, Transport } from './transport.ts';

/** Credentials as the SDK signs with them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

export interface StsOptions {
  readonly fleet: FleetConfig;
  readonly endpoint: string;
  readonly transport: Transport;
  readonly timeoutMs: number;
}

/** The account and the time that STS told beside it. */
export interface Identity {
  readonly account: string;
  readonly server?: ServerTime;
}

/** Fetches of one fleet that were given up and still run: a helper of the user's (credential_process) has no time limit. */
export interface Unfinished {
  count: number;
}

/** So many may hang before no further one is begun: a helper that never ends must not fill the machine with others. */
const unfinishedMax = 3;

/** For one fleet that has fetched nothing yet. */
export function createUnfinished(): Unfinished {
  return { count: 0 };
}

/**
 * Credentials from where the fleet says: its role, assumed through the fleet's STS with credentials of the default
 * chain, or that chain itself (environment, shared files, web identity, container, instance). Every call starts anew:
 * files are read again, so that a rotation needs no restart. Never rejects.
 */
export async function fetchCredentials(
  options: StsOptions,
  unfinished: Unfinished,
): Promise<Result<Credentials, ReadFailure>> {
  if (unfinished.count >= unfinishedMax) {
    const late = lateCredentials(`${unfinished.count} earlier fetches of them have not ended yet`);
    return failed(credentialFailure(late, options.fleet));
  }
  unfinished.count += 1;
  const work = readCredentials(options).finally(() => {
    unfinished.count -= 1;
  });
  try {
    return await within(options.timeoutMs, work);
  } catch (error) {
    return failed(credentialFailure(error, options.fleet));
  }
}

async function readCredentials(options: StsOptions): Promise<Result<Credentials, ReadFailure>> {
  const { fleet } = options;
  const { fromNodeProviderChain, fromTemporaryCredentials } = await import('@aws-sdk/credential-providers');
  const chain = fromNodeProviderChain({
    ignoreCache: true,
    clientConfig: { requestHandler: options.transport },
  });
  if (fleet.roleArn === undefined) return ok(await chain());
  // Told apart from the role's own failure: "no credentials" and "may not assume" have different ways out.
  const master = await chain();
  const assume = fromTemporaryCredentials({
    masterCredentials: master,
    params: {
      RoleArn: fleet.roleArn,
      RoleSessionName: sessionName(fleet.name),
      ...(fleet.externalId === undefined ? {} : { ExternalId: fleet.externalId }),
    },
    clientConfig: clientConfig(options),
  });
  return ok(await assume());
}

/** Asks STS whose these credentials are. Never rejects. */
export async function askIdentity(
  options: StsOptions,
  credentials: Credentials,
): Promise<Result<Identity, ReadFailure>> {
  const { GetCallerIdentityCommand, STSClient } = await import('@aws-sdk/client-sts');
  const client = new STSClient({ ...clientConfig(options), credentials });
  const call = new Call({
    timeoutMs: options.timeoutMs,
    gate: () => 'open',
    ownConnection: true,
    clientDecodes: true,
  });
  const sent = client.send(new GetCallerIdentityCommand({}), { call } as SendOptions).then(
    (output) => ({ output, error: null }),
    (error: unknown) => ({ output: null, error }),
  );
  const result = await Promise.race([sent, call.over.then(() => ({ output: null, error: null }))]);
  const end = call.finish();
  const what = `STS GetCallerIdentity of fleet ${options.fleet.name}`;
  if (end.kind !== 'answered') return failed(unreachable(what, end.message));
  const server = serverOf(end.answer);
  const account = result.output?.Account;
  if (account !== undefined && /^\d{12}$/.test(account)) return ok({ account, ...server });
  if (result.error === null)
    return failed({ ...server, ...unreachable(what, 'an answer without an account') });
  return failed({ ...server, ...refusal(result.error, what, 'SG5009') });
}

function clientConfig(options: StsOptions) {
  return {
    region: options.fleet.region,
    endpoint: options.endpoint,
    requestHandler: options.transport,
    maxAttempts: 1,
    retryMode: 'standard',
    defaultsMode: 'standard',
    useFipsEndpoint: false,
    useDualstackEndpoint: false,
  } as const;
}

/** STS takes letters, digits and =,.@- and at most 64 of them; a fleet's name is a DNS label of at most 63. */
function sessionName(fleet: string): string {
  return `snowgate-${fleet}`.slice(0, 64);
}

/** For credentials that do not come in time; there may well be some. */
export const lateCredentialsHint =
  'see whether the source of the credentials (STS, container or instance metadata) answers';

function lateCredentials(message: string): Error {
  return Object.assign(new Error(message), { name: 'LateCredentials' });
}

async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(lateCredentials(`no credentials within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function credentialFailure(error: unknown, fleet: FleetConfig): ReadFailure {
  const name = error instanceof Error ? error.name : 'Error';
  const text = quoteWords(error instanceof Error ? error.message : String(error));
  const what = `credentials of fleet ${fleet.name}`;
  if (name === 'LateCredentials') {
    return { kind: 'failed', fault: fault('SG5011', 'retry', `${what}: ${text}`, lateCredentialsHint) };
  }
  if (name === 'CredentialsProviderError') {
    const hint =
      'give the process credentials: environment, shared file, web identity, container or instance role';
    return { kind: 'failed', fault: fault('SG5010', 'human', `${what}: there are none: ${text}`, hint) };
  }
  const role = fleet.roleArn === undefined ? 'its web identity or profile' : fleet.roleArn;
  return refusal(error, `${what}: assuming ${role}`, 'SG5012');
}

/** What an error of an STS client means. STS has no model of its own here: the status and the name say it. */
function refusal(error: unknown, what: string, deniedCode: 'SG5009' | 'SG5012'): ReadFailure {
  const name = error instanceof Error ? error.name : 'Error';
  const text = quoteWords(error instanceof Error ? `${name}: ${error.message}` : String(error));
  const metadata = asObject(asObject(error)?.$metadata);
  const status = metadata?.httpStatusCode;
  if (/throttl|requestlimit|toomanyrequests/i.test(name) || status === 429) {
    const hint = 'nothing to do; it is asked again later';
    return {
      kind: 'throttled',
      fault: fault('SG5006', 'wait', `${what}: STS asks for fewer calls: ${text}`, hint),
    };
  }
  const known = /^(AccessDenied|RegionDisabled)/.test(name) || isCredentialError(name);
  if (status === 403 || (status === 400 && known)) {
    const hint =
      deniedCode === 'SG5012'
        ? "check roleArn, externalId and the role's trust policy"
        : "renew the credentials; after an error about time or signature, check the machine's clock";
    return { kind: 'denied', fault: fault(deniedCode, 'human', `${what}: STS refused: ${text}`, hint) };
  }
  return unreachable(what, text);
}

function unreachable(what: string, why: string): ReadFailure {
  const hint = "nothing to do if it passes; else check network, region and the fleet's stsEndpoint";
  return {
    kind: 'failed',
    fault: fault('SG5013', 'retry', `${what}: no usable answer of STS: ${why}`, hint),
  };
}
