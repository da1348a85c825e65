/** The examples of examples/deploy/ as the tests read them. */
import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { durationBounds } from '../../src/config/bounds.ts';

/** The text of a file of the repository. */
export const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Everything below a folder of the repository, sorted. */
export const list = (path: string): string[] =>
  readdirSync(new URL(`../../${path}`, import.meta.url), { recursive: true, encoding: 'utf8' }).sort();

/** The text of an example. */
export const example = (path: string): string => read(`examples/deploy/${path}`);

export const dockerfile = read('Dockerfile');

/** `40s` and the like, in seconds. */
export function secondsOf(text: string): number {
  const [, digits, unit] = /^(\d+)(s|m)$/.exec(text) ?? [];
  if (digits === undefined) throw new Error(`no time: ${text}`);
  return Number(digits) * (unit === 'm' ? 60 : 1);
}

/** What the tests ask of a configuration as it is written. */
export interface Configuration {
  readonly stateDir: string;
  readonly source: { readonly auth: { readonly tokenFile: string } };
  readonly ledger: { readonly auth: { readonly tokenFile: string } };
  readonly shutdown?: { readonly timeout?: string };
  readonly fleets: Readonly<
    Record<string, { region: string; account: string; roleArn: string; externalId: string }>
  >;
  readonly http: {
    readonly web: { readonly listen: string };
    readonly hooks: { readonly listen: string; readonly github: { readonly secretFiles: string[] } };
    readonly probes: { readonly listen: string };
    readonly auth: { readonly tokenFiles: string[] };
  };
}

/** A configuration as it is written. */
export const configurationOf = (text: string): Configuration => parse(text) as Configuration;

/** Every file that a configuration names as a secret. */
export function secretsOf({ source, ledger, http: { hooks, auth } }: Configuration): string[] {
  const named = [
    source.auth.tokenFile,
    ledger.auth.tokenFile,
    ...hooks.github.secretFiles,
    ...auth.tokenFiles,
  ];
  return named.sort();
}

/** The ports of web, hooks and probes. */
export function portsOf({ http: { web, hooks, probes } }: Configuration): number[] {
  return [web, hooks, probes].map(({ listen }) => Number(listen.split(':').at(-1)));
}

/** How long a controller of this configuration may take to end. */
export function shutdownSeconds({ shutdown }: Configuration): number {
  return secondsOf(shutdown?.timeout ?? durationBounds['shutdown.timeout'].default);
}
