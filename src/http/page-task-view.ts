/** One task as HTML. */
import { type Html, type HtmlValue, html, when } from './html.ts';
import { badge, facts, linkTo, moreItem, nextLine, reasonList, separated } from './page-parts.ts';
import { deviceList } from './page-rows.ts';
import type { Revision, TaskPage } from './page-task.ts';
import { timeTag, untilTag } from './page-time.ts';

/** What stands in `main`. */
export function taskView({ atMs, name, fleet, command, revisions: { rows, more } }: TaskPage): Html {
  const [newest, ...older] = rows;
  const state = newest === undefined ? null : badge(newest.row.badge);
  return html`<p class="crumb"><a href="/tasks">Tasks</a> / ${linkTo(fleet)}</p>
<div class="title"><h1>${name}</h1>${state}</div>
${newest === undefined ? null : revisionCard(newest, { atMs, command, title: newest.isWanted ? 'What Git asks for now' : 'The newest revision' })}
${when(
  older.length > 0,
  () => html`<section aria-labelledby="older"><h2 id="older">Earlier revisions <span class="number">${older.length + more}</span></h2>
${older.map((one) => html`<details class="card" id="fold-${one.id}"><summary>${badge(one.row.badge)} ${summaryOf(one)}</summary>${revisionBody(one, { atMs, command })}</details>`)}
<ul>${moreItem(more, command)}</ul></section>`,
)}`;
}

interface Around {
  readonly atMs: number;
  readonly command: string;
}

function revisionCard(revision: Revision, { title, ...around }: Around & { readonly title: string }): Html {
  return html`<section aria-labelledby="${revision.id}"><h2 id="${revision.id}">${title}</h2><div class="card revision">${revisionBody(revision, around)}</div></section>`;
}

function summaryOf({ row, token }: Revision): Html {
  const { command, run } = row;
  const parts: HtmlValue[] = [
    ...(command === null ? [] : [command]),
    ...(run === null ? [] : [`run ${run}`]),
    ...(token === null ? [] : [html`<code>${token.slice(0, 12)}</code>`]),
  ];
  return separated(parts);
}

function revisionBody(revision: Revision, { atMs, command }: Around): Html {
  const { row, token, manifest, introduced, after, notBeforeMs, notAfterMs, taskIds, devices } = revision;
  const time = (timeMs: number | null): Html | null =>
    timeMs === null ? null : timeTag(timeMs, row.timeZone);
  return html`${facts([
    ['Command', row.command ?? 'not known'],
    ['Run', row.run],
    ['Devices', deviceList(devices)],
    ['Not before', time(notBeforeMs)],
    ['Not after', time(notAfterMs)],
    ['After', after.length === 0 ? null : separated(after.map((link) => linkTo(link)))],
    ['Manifest', manifest === null ? null : linkTo(manifest, 'mono')],
    ['Introduced', introduced === null ? null : introducedBy(introduced)],
    ['Task at AWS', taskIds.length === 0 ? null : html`<code>${taskIds.join(', ')}</code>`],
    ['Token', token === null ? null : html`<code>${token}</code>`],
  ])}${verdict(revision, atMs)}${life(revision, command)}${request(revision)}`;
}

function introducedBy({ commit, atMs, author, subject }: NonNullable<Revision['introduced']>): Html {
  const quoted = subject === null ? null : html` <q>${subject}</q>`;
  const by = author === null ? null : html` by ${author}`;
  return html`${linkTo(commit, 'mono')}${quoted}${by}${atMs === null ? null : html`, ${timeTag(atMs)}`}`;
}

function verdict(
  { row, verdict: { action, untilMs, reasons, allowed } }: Revision,
  atMs: number,
): Html | null {
  if (action === null && allowed.length === 0) return null;
  const until =
    untilMs === null
      ? null
      : html`<p class="until"><span class="label">until</span> ${timeTag(untilMs, row.timeZone)} <strong>${untilTag(untilMs, atMs)}</strong></p>`;
  const now = action === null ? null : html`<p>The plan says <strong>${action}</strong></p>`;
  const claim = when(
    allowed.length > 0,
    () => html`<h4>What its newest claim was allowed by</h4>${facts(allowed)}`,
  );
  return html`<div><h3>Verdict</h3>${now}${until}${reasonList(reasons)}${row.detail === null ? null : html`<p class="detail">${row.detail}</p>`}${nextLine(row.next)}${claim}</div>`;
}

function life({ id, life: { rows, more }, isCut }: Revision, command: string): Html | null {
  const older = when(
    isCut || more > 0,
    () => html`<p class="more">What is older is not shown: <code>${command}</code> tells all of it.</p>`,
  );
  if (rows.length === 0) {
    return html`<div><h3>Life</h3>${older ?? html`<p class="nothing">Nothing was written of it yet.</p>`}</div>`;
  }
  const items = rows.map(({ atMs, gap, word, text, commit, replica }) => {
    const where =
      commit === null
        ? null
        : html`<p class="where">${separated([html`commit ${linkTo(commit, 'mono')}`, replica])}</p>`;
    return html`<li><div class="head"><strong>${word}</strong>${atMs === null ? null : timeTag(atMs)}${gap === '' ? null : html`<span class="gap">${gap}</span>`}</div><p>${text}</p>${where}</li>`;
  });
  return html`<div><h3 id="life-${id}">Life</h3>${older}<ol class="life" aria-labelledby="life-${id}">${items}</ol></div>`;
}

function request({ id, request: lines, isFrozen }: Revision): Html | null {
  if (lines === null) return null;
  const told = isFrozen
    ? 'As the ledger keeps it: every attempt sends these bytes.'
    : 'As it would be asked for now; the claim freezes it, with the commit of that moment.';
  return html`<details id="request-${id}"><summary>The exact request</summary><p class="soft">${told}</p><pre tabindex="0" aria-label="Request">${lines.map(
    (line) => html`${line}
`,
  )}</pre></details>`;
}
