import type { JsonSchema } from '../lib/document-compile.ts';
import { hookSecretsMax, httpTokensMax, textDefaults } from './bounds.ts';
import { hookProviders } from './config.ts';
import { filePath, section } from './schema-parts.ts';

const listenSchema: JsonSchema = {
  type: 'string',
  title: 'Listen',
  maxLength: 64,
  pattern:
    '^(off|localhost:[0-9]{1,5}|[0-9]{1,3}([.][0-9]{1,3}){3}:[0-9]{1,5}|\\[[0-9a-fA-F:.]{2,45}\\]:[0-9]{1,5})$',
  'x-rule': 'ADDRESS:PORT with an IP address or localhost, as 127.0.0.1:9640 or [::1]:9640; off opens none',
};

function filesOf(title: string, description: string, most: number, example: string): JsonSchema {
  return {
    type: 'array',
    title,
    description,
    'x-more':
      'Relative paths start at the folder of the configuration. Files are read again at each request.',
    minItems: 1,
    maxItems: most,
    uniqueItems: true,
    items: { ...filePath },
    examples: [[example]],
  };
}

const providerTitles = {
  github: 'GitHub',
  gitlab: 'GitLab',
  gitea: 'Gitea and Forgejo',
  bitbucket: 'Bitbucket',
  generic: 'Anything else',
} as const;

const providers = Object.fromEntries(
  hookProviders.map((provider) => [
    provider,
    section(
      providerTitles[provider],
      [`Mounts POST /hooks/${provider}.`, 'docs/HTTP.md tells what to write at the forge.'],
      {
        secretFiles: filesOf(
          'Secret files',
          'The secret that deliveries are signed with; a second one while it is replaced.',
          hookSecretsMax,
          `/run/secrets/${provider}-hook`,
        ),
      },
      ['secretFiles'],
    ),
  ]),
);

/** `http`: what listens, and who may ask. */
export const httpSchema = section(
  'HTTP',
  [
    'Health, metrics, API and webhooks, each of the three on an address of its own.',
    'Nothing listens where it is not written; written empty, `web` and `probes` listen on loopback.',
  ],
  {
    web: section('Web', 'API and metrics. Reads the status of the controller, and changes nothing.', {
      listen: {
        ...listenSchema,
        description: 'Beyond loopback it needs http.auth.tokenFiles.',
        default: textDefaults['http.web.listen'],
        examples: ['0.0.0.0:9640'],
      },
    }),
    probes: section(
      'Probes',
      '/livez and /readyz, for whoever restarts and routes. They tell no ids and no versions.',
      {
        listen: {
          ...listenSchema,
          description: 'Nothing here needs a token.',
          default: textDefaults['http.probes.listen'],
          examples: ['0.0.0.0:9642'],
        },
      },
    ),
    hooks: section(
      'Webhooks',
      [
        'What a forge calls after a push, so that a merge does not wait for the schedule. Only providers that are written are mounted.',
        'A delivery is a hint: it only begins a pass sooner. Polling goes on underneath.',
      ],
      {
        listen: {
          ...listenSchema,
          description: 'Every delivery must be signed.',
          default: textDefaults['http.hooks.listen'],
          examples: ['0.0.0.0:9641'],
        },
        ...providers,
      },
    ),
    auth: section('Authentication', 'Who may ask `web`.', {
      tokenFiles: filesOf(
        'Token files',
        'Any of their tokens opens `web`: as a bearer, or as the password of HTTP Basic under any user name.',
        httpTokensMax,
        '/run/secrets/http-token',
      ),
      required: {
        type: 'boolean',
        title: 'Required',
        description: 'With false, `web` may listen beyond loopback without any token.',
        'x-more': 'For a proxy in front of it that asks by itself.',
        default: true,
      },
    }),
    redactDevices: {
      type: 'boolean',
      title: 'Shorten device ids',
      description: 'Shows of each device id the last four characters alone, on every page and in the API.',
      'x-more': 'Where pages are shown to people who must not know which devices there are.',
      default: false,
    },
  },
);
