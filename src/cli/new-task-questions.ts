/** The dialogue of `new task`: what the flags have left open. */
import type { TaskDraft } from './manifest-text.ts';
import { type OpenDraft, splitList } from './new-task-options.ts';
import type { Asker } from './questions.ts';

/** The parser's word on a draft with some answers in it; null where it takes them. */
export type JudgeDraft = (change: Partial<TaskDraft>) => string | null;

const commands = [
  { value: 'unlock', label: 'unlock', hint: 'open the devices to those beside them' },
  { value: 'reboot', label: 'reboot', hint: 'interrupt what runs on them' },
] as const;

/** Asks for what is not known yet; the fleets are those of the configuration, where there is one. */
export async function askTask(
  asker: Asker,
  open: OpenDraft,
  fleets: readonly string[],
  judge: JudgeDraft,
): Promise<TaskDraft> {
  const fleet = open.fleet ?? (await askFleet(asker, fleets, judge));
  const command = open.command ?? (await asker.choose('What the devices are told to do', commands, 'unlock'));
  const targets =
    open.targets ??
    splitList(
      await asker.text({
        message: 'Device ids, with commas between them',
        judge: (text) => judge({ targets: splitList(text) }),
      }),
    );
  const name =
    open.name ??
    (await asker.text({
      message: `Name of the task, unique in ${fleet}`,
      begun: `${command}-`,
      judge: (text) => judge({ fleet, name: text }),
    }));
  const isKnown = Object.keys(open.annotations).length > 0;
  const reason = isKnown ? '' : await askReason(asker, judge);
  const annotations = reason === '' ? open.annotations : { reason };
  return { ...open, fleet, command, targets, name, annotations };
}

function askFleet(asker: Asker, fleets: readonly string[], judge: JudgeDraft): Promise<string> {
  const [first] = fleets;
  if (first === undefined) return asker.text({ message: 'Fleet', judge: (text) => judge({ fleet: text }) });
  const choices = fleets.map((name) => ({ value: name, label: name }));
  return asker.choose('Fleet', choices, first);
}

function askReason(asker: Asker, judge: JudgeDraft): Promise<string> {
  return asker.text({
    message: 'Reason, for reviewers and the ledger (may be empty)',
    judge: (text) => (text === '' ? null : judge({ annotations: { reason: text } })),
  });
}
