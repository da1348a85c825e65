/** Planted defects of policies and windows: see defects.ts. */
import type { Defect } from './defect.ts';

export const policyDefects: readonly Defect[] = [
  {
    name: 'windows are not asked again at the call',
    from: 327,
    harm: 'a slow push carries a call past the end of its window',
    edits: [
      {
        file: 'controller/calling.ts',
        find: 'const verdict = judge({ ...input, facts: { ...input.facts, nowMs } });',
        put: 'const { notAfterMs = nowMs + 1 } = input.manifest;\n  const isPast = nowMs >= notAfterMs;\n  const verdict = judge(isPast ? { ...input, facts: { ...input.facts, nowMs } } : input);',
      },
      {
        file: 'controller/calling.ts',
        find: 'return verdict.cancelMs === null || nowMs < verdict.cancelMs - leadMs;',
        put: 'return leadMs >= 0;',
      },
    ],
  },
  {
    name: 'counts are not carried inside a plan',
    from: 19,
    harm: 'one commit claims more than may be in flight',
    edits: [
      {
        file: 'plan/plan.ts',
        find: 'if (isChecked) grant(tallies, fleet, targets.length);',
        put: 'if (targets.length > 100) grant(tallies, fleet, 0);',
      },
    ],
  },
  {
    name: 'the configuration bounds nothing in flight',
    from: 37,
    harm: 'fleets.NAME.maxInFlight is no floor',
    edits: [
      {
        file: 'plan/claimable.ts',
        find: 'if (most === null || inFlight.tasks < most) return [];',
        put: 'if (most === null || inFlight.tasks >= 0) return [];',
      },
    ],
  },
  {
    name: 'a closing window cancels nothing',
    from: 39,
    harm: 'what is queued runs hours after its window',
    edits: [
      {
        file: 'plan/closing.ts',
        find: 'if (input.nowMs >= dueMs) due.set(receipt.token, closing);',
        put: 'if (input.nowMs < 0) due.set(receipt.token, closing);',
      },
    ],
  },
  {
    name: 'a window that leaves cancels',
    from: 129,
    harm: 'what was to go on is cancelled',
    edits: [
      {
        file: 'policy/running.ts',
        find: "if (rule.onClose === 'cancel') strict.push(gate);",
        put: "if (rule.name !== '') strict.push(gate);",
      },
    ],
  },
  {
    name: 'runs outside a window are not recorded',
    from: 119,
    harm: 'nobody learns that a device was unlocked outside its window',
    edits: [
      {
        file: 'controller/following.ts',
        find: 'if (runs.length > 0 && endMs !== null) {',
        put: 'if (runs.length > 100 && endMs !== null) {',
      },
    ],
  },
  {
    name: 'what a window has missed is told as cancelled',
    harm: 'a task that nobody called off is told as called off',
    edits: [
      {
        file: 'plan/observation.ts',
        find: "return isOver && outcome === 'canceled' ? 'missed' : outcome;",
        put: "return isOver && outcome === null ? 'missed' : outcome;",
      },
    ],
  },
  {
    name: 'a broken policy is ignored',
    from: 13,
    harm: 'a slip in a policy lets everything through',
    edits: [
      {
        file: 'policy/built-in.ts',
        find: 'const broken = judgeBroken(input, subject);',
        put: 'const broken = judgeBroken(input, subject).slice(9);',
      },
    ],
  },
  {
    name: 'a broken window is ignored',
    from: 923,
    harm: 'a slip in a window opens it for ever',
    edits: [
      {
        file: 'policy/rule-result.ts',
        find: 'if (missing.length > 0) {',
        put: 'if (missing.length > 100) {',
      },
      {
        file: 'policy/rule-result.ts',
        find: 'if (state.accepts) return {',
        put: 'if (state.accepts || missing.length > 0) return {',
      },
    ],
  },
  {
    name: 'waivers add up',
    from: 377,
    harm: 'two exceptions let through what neither would',
    edits: [
      {
        file: 'policy/judge.ts',
        find: 'const waived = traceWith(input, matched, waiver);',
        put: 'const waived = traceWith(input, matched, { ...waiver, rules: usable.flatMap(({ rules }) => rules) });',
      },
    ],
  },
  {
    name: 'a waiver lasts for ever',
    from: 115,
    harm: 'a break-glass stands longer than 72 hours',
    edits: [
      {
        file: 'policy/waiver.ts',
        find: 'if (waiver.expiresMs - mergedMs <= waiverLastsMaxMs) return null;',
        put: 'if (waiver.expiresMs - mergedMs > 0) return null;',
      },
    ],
  },
  {
    name: 'old policies are acted on',
    from: 707,
    harm: 'a call leaves though the line was stopped while the policies could not be fetched',
    edits: [
      {
        file: 'controller/staleness.ts',
        find: "...(c.policySource === null ? [] : [['policies', c.state.policyFresh] as const]),",
        put: '',
      },
    ],
  },
  {
    name: 'what AWS told of a device is believed for an hour',
    from: 65,
    harm: 'a rule that reads a device lets through what AWS would forbid by now',
    edits: [
      {
        file: 'controller/describing.ts',
        find: 'const believedMs = 60_000;',
        put: 'const believedMs = 3_600_000;',
      },
    ],
  },
];
