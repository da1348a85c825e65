/** `window explain`: reading a folder of policies, and what is said where the window is not there. The words are in window-view.test.ts. */
import { afterEach, describe, expect, it } from 'vitest';
import { makeFolder, removeFolders } from './folder.ts';
import { policyText, windowText } from './policy-texts.ts';
import { run } from './terminal.ts';

afterEach(removeFolders);

const night = windowText('night', '{start: "0 22 * * FRI", duration: 6h, reason: quiet}');
const calendar = [
  'BEGIN:VCALENDAR',
  'VERSION:2.0',
  'PRODID:-//AWS//Change Calendar 1.0//EN',
  'X-CALENDAR-TYPE:DEFAULT_OPEN',
  'BEGIN:VEVENT',
  'UID:1',
  'DTSTAMP:20261101T000000Z',
  'SUMMARY:stock-taking',
  'DTSTART:20261127T230000Z',
  'DTEND:20261128T000000Z',
  'END:VEVENT',
  'END:VCALENDAR',
  '',
].join('\r\n');
const frozen = `apiVersion: snowgate/v1\nkind: Window\nmetadata: {name: frozen}\nspec:\n  timeZone: UTC\n  open: [{start: "0 22 * * FRI", duration: 6h}]\n  closed: [{ics: freeze.ics}]\n`;
const files = {
  'policies/windows.yaml': night,
  'policies/deep/frozen.yaml': frozen,
  'policies/deep/freeze.ics': calendar,
  'policies/unlock.yaml': policyText('unlock', '{name: window, window: night}'),
  'policies/w.test.yaml': '',
  'policies/broken.yaml':
    'apiVersion: snowgate/v1\nkind: Window\nmetadata: {name: broken}\nspec: {timeZone: Europe/Olso}\n',
};
const friday = '2026-11-27T23:30:00Z';

async function explain(...argv: string[]) {
  return run(['window', 'explain', ...argv], { cwd: makeFolder(files).dir });
}

describe('window explain', () => {
  it('tells the window as machines read it: in UTC, merged, not clipped', async () => {
    const { exit, stdout, stderr } = await explain(
      'night',
      '--at',
      friday,
      '--days',
      '8',
      '--format',
      'json',
    );
    expect([exit, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toEqual({
      window: 'night',
      at: '2026-11-27T23:30:00.000Z',
      open: true,
      reason: 'open for "quiet" until 2026-11-28T04:00+00:00',
      nextOpen: '2026-12-04T22:00:00.000Z',
      nextClose: '2026-11-28T04:00:00.000Z',
      openings: [
        { start: '2026-11-27T22:00:00.000Z', end: '2026-11-28T04:00:00.000Z' },
        { start: '2026-12-04T22:00:00.000Z', end: '2026-12-05T04:00:00.000Z' },
      ],
    });
  });

  it('takes the times of a calendar beside it, and says why it is closed', async () => {
    const { stdout } = await explain('frozen', '--at', friday, '--days', '1', '--format', 'json');
    const { open, reason, openings } = JSON.parse(stdout);
    expect([open, reason]).toEqual([
      false,
      'closed by the freeze "stock-taking" until 2026-11-28T00:00+00:00',
    ]);
    expect(openings).toEqual([{ start: '2026-11-28T00:00:00.000Z', end: '2026-11-28T04:00:00.000Z' }]);
  });

  it('reads the folder that --path names, and the usual one without it', async () => {
    const { dir } = makeFolder({ 'rules/w.yaml': night });
    expect((await run(['window', 'explain', 'night', '--path', 'rules'], { cwd: dir })).exit).toBe(0);
    const without = await run(['window', 'explain', 'night'], { cwd: dir });
    expect([without.exit, without.stderr]).toEqual([
      2,
      expect.stringContaining('SG7002: policies does not exist'),
    ]);
  });

  it('is an iCalendar file that the product itself reads again as the same times', async () => {
    const { stdout } = await explain('night', '--at', friday, '--days', '8', '--format', 'ics');
    const again = makeFolder({
      'policies/a.ics': stdout,
      'policies/w.yaml': windowText('copy', '{ics: a.ics}'),
    });
    const argv = ['window', 'explain', 'copy', '--at', friday, '--days', '8', '--format', 'json'];
    const { openings } = JSON.parse((await run(argv, { cwd: again.dir })).stdout);
    expect(openings).toEqual([
      { start: '2026-11-27T22:00:00.000Z', end: '2026-11-28T04:00:00.000Z' },
      { start: '2026-12-04T22:00:00.000Z', end: '2026-12-05T04:00:00.000Z' },
    ]);
  });

  it.each([
    [
      'a slip of the name',
      ['nihgt'],
      2,
      'SG7060: there is no window "nihgt" below policies',
      'did you mean night?',
    ],
    ['another name', ['harbour'], 2, 'SG7060', 'its windows: '],
    ['one that does not load', ['broken'], 1, 'SG7061: window broken does not load', 'Europe/Oslo'],
    ['a time without its offset', ['night', '--at', '2026-11-27T22:00'], 2, 'SG7009', 'with its offset'],
    ['no days', ['night', '--days', '0'], 2, 'SG7001', 'from 1 to 400'],
    ['more days than are looked ahead', ['night', '--days', '401'], 2, 'SG7001', 'from 1 to 400'],
    ['words for days', ['night', '--days', 'ten'], 2, 'SG7001', 'from 1 to 400'],
    [
      'a file for a folder',
      ['night', '--path', 'policies/windows.yaml'],
      2,
      'SG7002',
      'policies/windows.yaml is no folder of policies\n',
    ],
    [
      'a file of tests for a folder',
      ['night', '--path', 'policies/w.test.yaml'],
      2,
      'SG7002',
      'policies/w.test.yaml is no folder of policies\n',
    ],
    ['an unknown format', ['night', '--format', 'jsno'], 2, 'SG7001', 'json'],
  ])('says what to do about %s', async (_what, argv, code, told, hint) => {
    const { exit, stdout, stderr } = await explain(...argv);
    expect([exit, stdout]).toEqual([code, '']);
    expect(stderr).toContain(told);
    expect(stderr).toContain(hint);
  });
});
