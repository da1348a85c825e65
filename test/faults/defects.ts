import type { Defect } from './defect.ts';
import { policyDefects } from './policy-defects.ts';

/**
 * Planted defects: mistakes that a careful person could make in the protocol. Each is a change to the text of `src/`, made
 * in a copy, so that nothing in `src/` knows of tests; the suite must catch every one.
 */
export const defects: readonly Defect[] = [
  {
    name: 'claim after call',
    harm: 'a crash between the call and its claim leaves a task that nobody remembers',
    edits: [
      {
        file: 'controller/pass.ts',
        find: 'const landing = await landNow(',
        put: 'await callClaims(c, view, chosen.filter(({ token }) => claimed.has(token)), granted);\n    const landing = await landNow(',
      },
      {
        file: 'controller/pass.ts',
        find: '      await callClaims(c, view, choices, granted);\n      return',
        put: '      return',
      },
      {
        file: 'controller/pass.ts',
        find: 'attempt: view.receipts.get(token)?.attempts.length ?? 0,',
        put: 'attempt: (view.receipts.get(token)?.attempts.length ?? 0) + 1,',
      },
      {
        file: 'controller/calling.ts',
        find: 'const request = view.receipts.get(manifest.token)?.request;',
        put: "const request = { clientToken: manifest.token, command: manifest.command, targets: manifest.targets, tags: { 'snowgate:revision': manifest.token, 'snowgate:ledger': view.ledgerId } };",
      },
    ],
  },
  {
    name: 'late released reopens a newer attempt',
    from: 258,
    harm: 'a claimant that was given up ends the attempt of whoever came after it',
    edits: [
      {
        file: 'ledger/fold.ts',
        find: 'const attempt = receipt.attempts[event.attempt - 1];',
        put: 'const attempt = receipt.attempts.at(-1);',
      },
      {
        file: 'ledger/fold.ts',
        find: 'if (attempt.replica !== header.replica || attempt.run !== header.run) {',
        put: "if (attempt.replica === '' && header.replica === '') {",
      },
      {
        file: 'controller/outbox.ts',
        find: 'receipt?.attempts[event.attempt - 1]',
        put: 'receipt?.attempts.at(-1)',
      },
    ],
  },
  {
    name: 'takeover by event time',
    from: 360,
    harm: 'an observer whose clock is wrong gives up a claimant that is about to call',
    edits: [
      {
        file: 'controller/sync.ts',
        find: 'c.watch.observe(state.view, c.clock.monotonicMs());',
        put: 'c.watch.observe(state.view, c.clock.monotonicMs(), c.clock.wallMs());',
      },
      {
        file: 'controller/landing.ts',
        find: 'c.watch.observe(view, c.clock.monotonicMs());',
        put: 'c.watch.observe(view, c.clock.monotonicMs(), c.clock.wallMs());',
      },
      {
        file: 'controller/watch.ts',
        find: 'observe(view: LedgerView, nowMs: number): void {',
        put: 'observe(view: LedgerView, nowMs: number, wallMs: number): void {',
      },
      {
        file: 'controller/watch.ts',
        find: 'claims.set(key, this.#claimSeenMs.get(key) ?? nowMs);',
        put: 'claims.set(key, nowMs - (wallMs - Date.parse(attempt.claimedAt)));',
      },
    ],
  },
  {
    name: 'listTrust from first sight',
    from: 6,
    harm: 'after a long outage a listing is believed that no longer shows the task',
    edits: [
      {
        file: 'plan/look.ts',
        find: 'return nowMs - oldestMs < listTrustMs',
        put: 'return Number.isFinite(nowMs - oldestMs) && listTrustMs > 0',
      },
    ],
  },
  {
    name: 'a look begun too early',
    from: 90,
    harm: 'what a request has yet to make is taken for absent',
    edits: [
      {
        file: 'controller/watch.ts',
        find: 'return Math.max(...sends) + this.#recovery.settlingMs;',
        put: 'return Math.max(...sends);',
      },
    ],
  },
  {
    name: 'no deadline',
    from: 46,
    harm: 'a process that was frozen calls after others have looked and claimed again',
    edits: [
      {
        file: 'controller/calling.ts',
        find: "if (elapsedMs(batch.granted, now) >= c.config.issue.deadlineMs) return 'deadline';",
        put: '',
      },
      {
        file: 'controller/calling.ts',
        find: "if (staleReason(c, now) !== null) return 'stale';",
        put: '',
      },
    ],
  },
  {
    name: 'the verdict is not asked again before the call',
    from: 327,
    harm: 'a call leaves after its permission has ended',
    edits: [
      {
        file: 'controller/calling.ts',
        find: "return isAllowed(permit, now.wallMs, c.config.cancel.leadMs) ? null : 'notAllowed';",
        put: 'return null;',
      },
    ],
  },
  {
    name: 'a lost outcome is forgotten',
    from: 78,
    harm: 'a claim stays open for ever, or until somebody else looks',
    edits: [
      {
        file: 'controller/sync.ts',
        find: 'removeOutcomes(c, new Set(batch.events));\n    releaseLate(c, batch.events);',
        put: '',
      },
      {
        file: 'controller/landing.ts',
        find: "if (answer.kind === 'lost') {\n      c.state.undecided = null;",
        put: "if (answer.kind === 'lost') {\n      c.state.undecided = null;\n      removeOutcomes(c, new Set(batch.events));",
      },
    ],
  },
  {
    name: 'old news is acted on',
    from: 6,
    harm: 'a call leaves for what was reverted while the source could not be fetched',
    edits: [
      {
        file: 'controller/staleness.ts',
        find: 'if (fresh !== null && elapsedMs(fresh, now) <= maxAgeMs) continue;',
        put: 'if (fresh !== null && elapsedMs(fresh, now) >= 0) continue;',
      },
    ],
  },
  {
    name: 'no listing at the start',
    from: 25,
    harm: 'after a ledger was restored from a backup, what it has forgotten is asked for again',
    edits: [
      {
        file: 'controller/fleet-check.ts',
        find: 'const unlisted = !fleet.startListed && c.apis.has(name);',
        put: 'const unlisted = false;',
      },
      {
        file: 'controller/looks.ts',
        find: 'const starts = !fleet.startListed;',
        put: 'const starts = false;',
      },
    ],
  },
  {
    name: 'no repeat guard',
    harm: 'a corrected description reboots a ship twice',
    edits: [
      {
        file: 'plan/claimable.ts',
        find: 'input.settings.repeatGuard ? findRepeats(manifest, asked) : []',
        put: 'input.settings.repeatGuard ? findRepeats(manifest, []) : []',
      },
    ],
  },
  {
    name: 'a time-out is released',
    from: 6,
    harm: 'a task that AWS made is asked for again',
    edits: [
      {
        file: 'controller/calling.ts',
        find: 'const { kind, error, message, requestId } = answer;\n      return { ...base, kind, error, message, requestId };',
        put: "const { kind, error, message, requestId } = answer;\n      if (kind === 'unknown') return { ...base, kind: 'released', reason: 'connection', message, notBefore: null, requestId };\n      return { ...base, kind, error, message, requestId };",
      },
    ],
  },
  {
    name: 'devices are not held',
    harm: 'a device that is busy is given a second task, which runs hours later',
    edits: [
      {
        file: 'plan/devices.ts',
        find: 'if (receipt !== undefined && receipt.token !== token) {',
        put: "if (receipt !== undefined && receipt.token === '') {",
      },
    ],
  },
  {
    name: 'tasks made around Git are not looked for',
    from: 47,
    harm: 'a device that somebody has given a task is given another',
    edits: [
      { file: 'plan/devices.ts', find: 'if (other !== undefined) addTo', put: "if (other === '') addTo" },
    ],
  },
  {
    name: 'two tasks of one commit share a device',
    harm: 'what is claimed together runs on one device at once',
    edits: [
      {
        file: 'plan/batch.ts',
        find: 'devices.some((device) => taken.has(device))',
        put: 'devices.length > 10',
      },
    ],
  },
  {
    name: 'an end from an early listing',
    from: 132,
    harm: 'a task that ran is written down as one that nobody ran',
    edits: [
      {
        file: 'controller/following.ts',
        find: "if (state === 'IN_PROGRESS') return { state, executions: listed, gone: false };",
        put: "if (state !== '') return { state, executions: listed, gone: false };",
      },
    ],
  },
  {
    name: 'a removed task is not cancelled',
    harm: 'what was taken back runs all the same',
    edits: [
      {
        file: 'controller/cancelling.ts',
        find: 'const outcome = await api.cancelTask(',
        put: "answer(c, receipt, 'accepted', '', null);\n  if (receipt.fleet !== '') return;\n  const outcome = await api.cancelTask(",
      },
    ],
  },
  ...policyDefects,
];
