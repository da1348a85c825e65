import { type About, describe } from '../lib/document-about.ts';
import type { JsonSchema } from '../lib/document-compile.ts';
import type { DurationKey, NumberKey } from './bounds.ts';
import { durationBounds, numberBounds } from './bounds.ts';
import { durationPattern } from './duration.ts';

/** The schema of a number that has a default and bounds in bounds.ts. */
export function numberOf(key: NumberKey, title: string, about: About): JsonSchema {
  const bounds = numberBounds[key];
  return {
    type: 'isWhole' in bounds ? 'integer' : 'number',
    title,
    ...describe(about),
    default: bounds.default,
    minimum: bounds.minimum,
    maximum: bounds.maximum,
    examples: [bounds.default],
  };
}

/** The schema of a duration; its pattern is checked here, its bounds by the resolver, since they are compared in ms. */
export function durationOf(key: DurationKey, title: string, about: About): JsonSchema {
  const { description, ...more } = describe(about);
  const bounds = durationBounds[key];
  return {
    type: 'string',
    title,
    description: `${description} From ${bounds.minimum} to ${bounds.maximum}.`,
    ...more,
    default: bounds.default,
    pattern: durationPattern,
    'x-rule': 'a whole number and one of ms, s, m, h, d, as 500ms, 30s, 5m, 24h, 7d',
    examples: [bounds.default],
  };
}

/** A map that knows all of its keys. */
export function section(
  title: string,
  about: About,
  properties: JsonSchema,
  required?: string[],
): JsonSchema {
  const schema = { type: 'object', title, ...describe(about), additionalProperties: false, properties };
  return required === undefined ? schema : { ...schema, required };
}

export const filePath: JsonSchema = {
  type: 'string',
  description: 'Path of a file; a relative one starts at the folder of the configuration.',
  minLength: 1,
  maxLength: 4096,
};

const inlineSecret: JsonSchema = {
  description: 'Never allowed: a configuration is read by more people than a secret.',
  not: {},
  'x-code': 'SG2009',
  'x-refused': 'write the secret into a file and name it: tokenFile, passwordFile or sshKeyFile',
};

export const authSchema = section(
  'Authentication',
  [
    'One of {tokenFile}, {username, passwordFile}, {sshKeyFile, knownHostsFile}; caFile and proxy beside it. Files are read at each use.',
    'docs/OPERATIONS.md shows each of them. Left out, the repository is asked without any.',
  ],
  {
    tokenFile: {
      ...filePath,
      title: 'Token file',
      'x-more':
        'For https: a token, sent as the password of `x-access-token` (GitHub, GitLab, Gitea, Azure DevOps).',
      examples: ['/run/secrets/source'],
    },
    username: {
      type: 'string',
      title: 'User name',
      description: 'For a password.',
      'x-more': 'For hosts that want another user name beside a token (Bitbucket: `x-token-auth`).',
      minLength: 1,
      maxLength: 256,
      examples: ['x-token-auth'],
    },
    passwordFile: {
      ...filePath,
      title: 'Password file',
      'x-more': 'For https, with `username`.',
      examples: ['/run/secrets/source'],
    },
    sshKeyFile: {
      ...filePath,
      title: 'SSH private key file',
      'x-more':
        'For ssh, with `knownHostsFile`: a private key without passphrase. No agent is asked, and no configuration of a user.',
      examples: ['/run/secrets/source-key'],
    },
    knownHostsFile: {
      ...filePath,
      title: 'SSH known hosts file',
      'x-more': 'For ssh, with `sshKeyFile`: the pinned keys of the host. An unknown host is refused.',
      examples: ['/etc/snowgate/known_hosts'],
    },
    caFile: {
      ...filePath,
      title: 'File of certificate authorities',
      'x-more':
        "For https, beside one of the others: the authorities of a host of one's own, in place of the machine's.",
      examples: ['/etc/snowgate/authorities.pem'],
    },
    proxy: {
      type: 'string',
      title: 'Proxy',
      description: 'An HTTP or SOCKS proxy, without a password.',
      'x-more': 'For https; none is taken from the environment.',
      minLength: 1,
      maxLength: 2048,
      examples: ['http://proxy.example.com:3128'],
    },
    token: inlineSecret,
    password: inlineSecret,
    sshKey: inlineSecret,
  },
);

export const urlSchema: JsonSchema = {
  type: 'string',
  title: 'URL',
  description: 'A Git repository: https, ssh (also git@host:path), file; http to loopback.',
  'x-more': 'Never with a password or a token in it.',
  minLength: 1,
  maxLength: 2048,
  examples: ['https://git.example.com/marine/snow-tasks.git'],
};

export const branchSchema: JsonSchema = {
  type: 'string',
  title: 'Branch',
  minLength: 1,
  maxLength: 200,
  examples: ['main'],
};

export const insecureTransport: JsonSchema = {
  type: 'boolean',
  title: 'Insecure transport',
  description: 'Allows http beyond loopback, where everybody on the way can read the token.',
  default: false,
};

export const commitSchema: JsonSchema = {
  type: 'string',
  pattern: '^([0-9a-f]{40}|[0-9a-f]{64})$',
  'x-rule': 'a whole commit id: 40 or 64 lower-case hex digits, in quotes',
  examples: ['6f1c0de4b21a9c3f5e7d8a90b1c2d3e4f5a6b7c8'],
};
