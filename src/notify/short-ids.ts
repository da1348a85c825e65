/** Device ids for receivers who must not know which devices there are, shortened as on pages. */
import type { ControllerStatus } from '../controller/status.ts';
import { shortenDevices } from '../lib/device-ids.ts';
import type { Message } from './message.ts';
import { countKinds, type Notice } from './notice.ts';

/** The message with each id shortened that is a device of its own task, or one that a fleet lists now, wherever it stands. */
export function shortenIds(message: Message, { fleets }: Pick<ControllerStatus, 'fleets'>): Message {
  const isListed = (id: string): boolean => fleets.some(({ devices }) => devices?.has(id) === true);
  if (message.kind === 'one') return { kind: 'one', notice: shortenNotice(message.notice, isListed) };
  const { id } = message.digest;
  const notices = message.digest.notices.map((notice) => shortenNotice(notice, isListed));
  return { kind: 'digest', digest: { id, notices, counts: countKinds(notices) } };
}

function shortenNotice(notice: Notice, isListed: (id: string) => boolean): Notice {
  const own = new Set(notice.devices);
  const shorten = (text: string): string => shortenDevices(text, (id) => own.has(id) || isListed(id));
  const { task, path } = notice;
  return {
    ...notice,
    devices: notice.devices.map(shorten),
    text: shorten(notice.text),
    task: task === null ? null : shorten(task),
    path: path === null ? null : shorten(path),
  };
}
