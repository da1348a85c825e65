import type { JsonSchema } from '../lib/document-compile.ts';
import { nameSchema } from '../lib/document-names.ts';
import { notifyFleetsMax, notifyTargetsMax } from './bounds.ts';
import { noticeKinds, noticeSeverities, statusForges } from './config.ts';
import { filePath, section } from './schema-parts.ts';

function secretFile(title: string, description: string, example: string): JsonSchema {
  return {
    ...filePath,
    title,
    description,
    'x-more':
      'A relative path starts at the folder of the configuration. The file is read again at each use.',
    examples: [example],
  };
}

function inlineSecret(instead: string): JsonSchema {
  return {
    description: 'Never allowed: a configuration is read by more people than a secret.',
    not: {},
    'x-code': 'SG2009',
    'x-refused': `write it into a file and name that: ${instead}`,
  };
}

const urlOf = (title: string, description: string, example: string): JsonSchema => ({
  type: 'string',
  title,
  description,
  'x-more': 'https, or http to this machine; without user names, queries and fragments.',
  minLength: 1,
  maxLength: 2048,
  examples: [example],
});

const caFile: JsonSchema = {
  ...filePath,
  title: 'File of certificate authorities',
  'x-more': "The authorities of a host of one's own, in place of the machine's.",
  examples: ['/etc/snowgate/authorities.pem'],
};

const kindWords: Readonly<Record<(typeof noticeKinds)[number], string>> = {
  issued: 'AWS has made the task.',
  refused: 'AWS refused it.',
  released:
    'AWS was not asked, or said no, and a person may have to act: permissions, credentials, quota, a clock.',
  inDoubt: 'Nobody knows yet whether AWS made a task; it is looked for.',
  doubtEnded: 'The look has found the task, or that there is none.',
  ambiguous: 'The look could not tell; a person has to.',
  doubled: 'AWS has two tasks for one revision.',
  resolved: 'A person has said what became of it.',
  succeeded: 'On every device.',
  partial: 'On some devices.',
  failed: 'On none.',
  canceled: 'It was called off, and no device ran it.',
  missed: 'No device ran it before its time was over.',
  vanished: 'AWS does not know the task any more.',
  cancelRequested: 'AWS is asked to cancel it.',
  cancelRefused: 'AWS refused to cancel it.',
  ranOutsideWindow: 'A device began after its window had closed.',
  expired: 'Its notAfter came before it was asked for.',
  withdrawn: 'It was removed or replaced before it was asked for.',
  denied: 'A policy denies it.',
  held: 'It waits for a time, a fact or a commit.',
  quarantined: 'A file has an error, and is not read.',
  halted: 'Nothing is issued.',
  fleetHalted: 'Nothing is issued to a fleet.',
  notSynced: 'Source, policies or ledger have not been fetched for longer than source.maxAge.',
};

const targetSchema = section(
  'Target',
  ['Somebody who is sent word, in one way.', 'Where two ways are wanted, each is a target of its own.'],
  {
    webhook: section(
      'Webhook',
      [
        'CloudEvents 1.0 as JSON, each one signed.',
        'docs/NOTIFY.md has the formats, and how a signature is checked.',
      ],
      {
        url: urlOf('URL', 'Where they are sent by POST.', 'https://siem.example.com/snowgate'),
        secretFile: secretFile(
          'Secret file',
          'What each message is signed with: at least 16 characters, or a secret of Standard Webhooks (whsec_).',
          '/run/secrets/siem-hmac',
        ),
        caFile,
        secret: inlineSecret('secretFile'),
      },
      ['url', 'secretFile'],
    ),
    slack: section(
      'Slack',
      'An incoming webhook of Slack, or of a chat that takes the same.',
      {
        urlFile: secretFile(
          'URL file',
          'Holds the URL of the webhook, which is a secret itself.',
          '/run/secrets/slack-url',
        ),
        caFile,
        url: inlineSecret('urlFile'),
      },
      ['urlFile'],
    ),
    commitStatus: section(
      'Commit status',
      'How all tasks of a commit stand, written beside it: one status a commit and fleet.',
      {
        forge: {
          type: 'string',
          title: 'Forge',
          description: 'Whose API it is.',
          enumDescriptions: ['GitHub, and GitHub Enterprise Server.', 'GitLab.', 'Gitea and Forgejo.'],
          enum: [...statusForges],
          examples: ['github'],
        },
        apiUrl: urlOf(
          'URL of the API',
          'https://api.github.com, https://gitlab.com/api/v4, https://HOST/api/v1 and the like.',
          'https://api.github.com',
        ),
        repository: {
          type: 'string',
          title: 'Repository',
          description: 'The one that the source is, as the forge names it.',
          minLength: 3,
          maxLength: 255,
          pattern: '^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)+$',
          'x-rule': 'owner/name; at GitLab also group/subgroup/project',
          examples: ['marine/snow-tasks'],
        },
        tokenFile: secretFile(
          'Token file',
          'May write statuses of commits, and needs to do nothing else.',
          '/run/secrets/status-token',
        ),
        caFile,
        token: inlineSecret('tokenFile'),
      },
      ['forge', 'apiUrl', 'repository', 'tokenFile'],
    ),
    fleets: {
      type: 'array',
      title: 'Fleets',
      description: 'Of fleets whose names match one of these patterns; left out, of all.',
      'x-more': 'What is about no fleet (a halt, a file with errors) is sent whatever stands here.',
      minItems: 1,
      maxItems: notifyFleetsMax,
      uniqueItems: true,
      items: {
        type: 'string',
        minLength: 1,
        maxLength: 128,
        pattern: '^[-a-z0-9*?]+$',
        'x-allowed': '[-a-z0-9*?]',
        'x-rule': 'lower-case letters, digits, hyphens, * and ?',
      },
      examples: [['north-*']],
    },
    events: {
      type: 'array',
      title: 'Events',
      description: 'Of these alone; left out, of all but inDoubt and doubtEnded.',
      'x-more': 'Whoever was told of a halt is told of its end, too.',
      minItems: 1,
      maxItems: noticeKinds.length,
      uniqueItems: true,
      items: {
        type: 'string',
        enum: [...noticeKinds],
        enumDescriptions: noticeKinds.map((kind) => kindWords[kind]),
      },
      examples: [['failed', 'missed', 'held']],
    },
    severity: {
      type: 'string',
      title: 'Severity',
      description: 'The least that is sent.',
      enum: [...noticeSeverities],
      enumDescriptions: ['Everything.', 'What somebody should look at.', 'What went wrong.'],
      default: 'info',
    },
    redactDevices: {
      type: 'boolean',
      title: 'Shorten device ids',
      description: 'Sends of each device id the last four characters alone.',
      'x-more':
        'Where those who read along must not know which devices there are, as with http.redactDevices.',
      default: false,
    },
  },
);

/** `notify`: who is sent word, of what, and how. */
export const notifySchema: JsonSchema = {
  type: 'object',
  title: 'Notify',
  description: 'Who is sent word of what happens, by a name of your choice.',
  'x-more': 'A target that is renamed starts anew, with the last 24 hours.',
  maxProperties: notifyTargetsMax,
  propertyNames: nameSchema,
  additionalProperties: targetSchema,
  examples: [{ 'ops-chat': { slack: { urlFile: '/run/secrets/slack-url' }, severity: 'warning' } }],
};
