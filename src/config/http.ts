import type { HookProvider, HttpConfig, ListenAddress } from './config.ts';
import { hookProviders } from './config.ts';
import type { Draft } from './draft.ts';
import { resolvePath } from './remote.ts';

const listeners = ['web', 'hooks', 'probes'] as const;
type Listener = (typeof listeners)[number];

/** Judges what the schema cannot say of `http`: addresses, and who may ask what listens beyond loopback. */
export function judgeHttp(draft: Draft): void {
  if (draft.value(['http']) === undefined) return;
  const seen = new Map<string, Listener>();
  for (const listener of listeners) {
    if (!isOpened(draft, listener)) continue;
    const at = ['http', listener, 'listen'];
    const text = draft.textOr(`http.${listener}.listen`);
    const address = parseListen(text);
    if (address === undefined) {
      // What is not of the schema's form has been told there.
      if (/^(?:\[[0-9a-fA-F:.]+\]|[0-9.]+):[0-9]{1,5}$/.test(text)) {
        const message = `http.${listener}.listen is no address and port`;
        draft.error(at, { code: 'SG2034', message, hint: 'write 127.0.0.1:9640, or [::1]:9640' });
      }
      continue;
    }
    const place = JSON.stringify(address);
    const other = address.port === 0 ? undefined : seen.get(place);
    if (other !== undefined) {
      const message = `http.${listener}.listen is the address of http.${other}, too`;
      draft.error(at, { code: 'SG2035', message, hint: 'give each a port of its own, or write off' });
    }
    seen.set(place, listener);
  }
  judgeWeb(draft);
  judgeHooks(draft);
}

function judgeWeb(draft: Draft): void {
  const address = parseListen(draft.textOr('http.web.listen'));
  const hasTokens = draft.texts(['http', 'auth', 'tokenFiles']).length > 0;
  if (address === undefined || isLoopback(address.host) || hasTokens) return;
  if (draft.value(['http', 'auth', 'required']) === false) {
    const message = 'http.web listens beyond loopback, and asks nobody for a token';
    const hint = 'let only a proxy that asks reach it, or name http.auth.tokenFiles';
    draft.warn(['http', 'auth', 'required'], { code: 'SG2037', message, hint });
    return;
  }
  const message = 'http.web listens beyond loopback without http.auth.tokenFiles';
  const hint =
    'name a file with a token; or write http.auth.required: false, where a proxy in front of it asks';
  draft.error(['http', 'web', 'listen'], { code: 'SG2036', message, hint });
}

function judgeHooks(draft: Draft): void {
  if (draft.value(['http', 'hooks']) === undefined || writtenProviders(draft).length > 0) return;
  const message = 'http.hooks names no provider: nothing would be mounted';
  const hint = `write one of ${hookProviders.join(', ')} with its secretFiles, or remove http.hooks`;
  draft.error(['http', 'hooks'], { code: 'SG2038', message, hint }, 'key');
}

function writtenProviders(draft: Draft): HookProvider[] {
  const written = draft.keys(['http', 'hooks']);
  return hookProviders.filter((provider) => written.includes(provider));
}

/** Hooks listen only where somebody has written from whom. */
function isOpened(draft: Draft, listener: Listener): boolean {
  return listener !== 'hooks' || draft.value(['http', 'hooks']) !== undefined;
}

/** What a judged `http` means; undefined where it is not written. */
export function buildHttp(draft: Draft, baseDir: string): HttpConfig | undefined {
  if (draft.value(['http']) === undefined) return undefined;
  const files = (...path: string[]): string[] =>
    draft.texts(['http', ...path]).map((file) => resolvePath(baseDir, file));
  const addressOf = (listener: Listener): ListenAddress | null =>
    isOpened(draft, listener) ? (parseListen(draft.textOr(`http.${listener}.listen`)) ?? null) : null;
  const providers = writtenProviders(draft).map(
    (provider) => [provider, files('hooks', provider, 'secretFiles')] as const,
  );
  return {
    web: addressOf('web'),
    probes: addressOf('probes'),
    hooks: addressOf('hooks'),
    hookSecretFiles: new Map(providers),
    tokenFiles: files('auth', 'tokenFiles'),
    redactDevices: draft.isTrue(['http', 'redactDevices']),
  };
}

/** Undefined for `off`, and for what is no address. `localhost` is 127.0.0.1: a name that resolves is asked of nobody. */
function parseListen(text: string): ListenAddress | undefined {
  const parts = /^(?:\[([^\]]+)\]|([^:]+)):([0-9]{1,5})$/.exec(text);
  if (parts === null) return undefined;
  const [, six, four = '', digits = ''] = parts;
  const port = Number(digits);
  const host = six ?? (four === 'localhost' ? '127.0.0.1' : four);
  const isAddress = six === undefined ? isIPv4(host) : isIPv6(host);
  return isAddress && port <= 65_535 ? { host, port } : undefined;
}

function isIPv4(host: string): boolean {
  const parts = host.split('.');
  return parts.length === 4 && parts.every((part) => /^[0-9]{1,3}$/.test(part) && Number(part) <= 255);
}

function isIPv6(host: string): boolean {
  return /^[0-9a-fA-F:.]+$/.test(host) && URL.canParse(`http://[${host}]/`);
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
