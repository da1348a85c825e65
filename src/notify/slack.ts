/** A message for an incoming webhook of Slack. Chats that only know `text` show the same. */
import { noticeSeverities } from '../config/config.ts';
import { escapeJson } from '../lib/escape.ts';
import { escapeChat } from '../lib/escape-chat.ts';
import type { Redactor } from '../lib/redact.ts';
import { type Digest, type Message, sayCounts } from './message.ts';
import { type Notice, showText } from './notice.ts';

/** Slack takes 3,000 characters in a section; a digest has several lines in one. */
const sectionMax = 3_000;
const lineMax = 400;
/** Of a storm, those that are named. */
const namedMax = 5;

const marks = { info: ':information_source:', warning: ':warning:', error: ':rotating_light:' } as const;

/** The body as JSON text: nothing in it acts but our own mark. */
export function writeSlack(message: Message, redactor: Redactor): string {
  const write = (text: string, maxLength: number): string => escapeChat(showText(text, redactor), maxLength);
  const lines =
    message.kind === 'one'
      ? [lineOf(message.notice, write, sectionMax - 100)]
      : digestLines(message.digest, write);
  const text = lines.join('\n');
  const blocks: object[] = [{ type: 'section', text: mrkdwn(text) }];
  if (message.kind === 'one') {
    blocks.push({ type: 'context', elements: [mrkdwn(write(detailsOf(message.notice), lineMax))] });
  }
  const body = { text, blocks, link_names: false, unfurl_links: false, unfurl_media: false };
  return escapeJson(JSON.stringify(body));
}

/** Verbatim: what looks like a link, a channel or a user is left as it is. */
function mrkdwn(text: string): object {
  return { type: 'mrkdwn', text, verbatim: true };
}

type Write = (text: string, maxLength: number) => string;

function lineOf({ severity, text }: Notice, write: Write, maxLength: number): string {
  return `${marks[severity]} ${write(text, maxLength)}`;
}

function digestLines(digest: Digest, write: Write): string[] {
  const rank = ({ severity }: Notice): number => noticeSeverities.indexOf(severity);
  const worst = [...digest.notices].sort((a, b) => rank(b) - rank(a)).slice(0, namedMax);
  const more = digest.notices.length - worst.length;
  return [
    `*${write(sayCounts(digest), lineMax)}*`,
    ...worst.map((notice) => lineOf(notice, write, lineMax)),
    ...(more > 0 ? [write(`and ${more} more`, lineMax)] : []),
  ];
}

function detailsOf({ kind, at, commit, token, taskId, ledger }: Notice): string {
  return [
    kind,
    at,
    ...(commit === null ? [] : [`commit ${commit.slice(0, 12)}`]),
    ...(token === null ? [] : [`revision ${token.slice(0, 12)}`]),
    ...(taskId === null ? [] : [taskId]),
    ...(ledger === null ? [] : [`ledger ${ledger.commit.slice(0, 12)}`]),
  ].join(', ');
}
