/** One good configuration, with what a test says differently, and what becomes of it. */
import { resolveConfig } from '../../src/config/resolve.ts';

export const context = { hostName: 'Aurora_01.local', baseDir: '/etc/snowgate' };
export const account = '"111122223333"';
export const unlabelled = { labels: {}, requirePolicies: [] };

export interface Written {
  source?: string;
  sourceUrl?: string;
  ledger?: string;
  ledgerUrl?: string;
  fleets?: string;
  rest?: string;
  policy?: string;
}

export const policies = 'https://git.example.com/policies.git';

/** One good configuration without warnings, and the one thing that differs. */
export function write(difference: Written = {}): string {
  const { source = '', sourceUrl = 'https://git.example.com/tasks.git', rest = '' } = difference;
  const { ledger = '', ledgerUrl = 'https://git.example.com/ledger.git' } = difference;
  const { fleets = `  north-sea: {region: eu-west-1, account: ${account}}` } = difference;
  const { policy = 'policy: {uncovered: allow}' } = difference;
  return `apiVersion: snowgate/v1
kind: Controller
${policy}
source:
  url: ${sourceUrl}
${source}
ledger:
  url: ${ledgerUrl}
  id: 6f1c0d6e-0a3b-4c57-9d1e-1a2b3c4d5e6f
${ledger}
fleets:
${fleets}
${rest}
`;
}

export function resolve(text: string, overrides: Partial<typeof context> = {}) {
  return resolveConfig(new TextEncoder().encode(text), { ...context, ...overrides });
}

export function codes(text: string, overrides: Partial<typeof context> = {}): string[] {
  const resolved = resolve(text, overrides);
  return (resolved.ok ? resolved.warnings : resolved.problems).map(({ code }) => code);
}

export function config(difference: Written = {}) {
  const resolved = resolve(write(difference));
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.problems));
  return resolved.config;
}
