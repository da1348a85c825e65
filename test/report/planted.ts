/** Texts that want out of what they stand in, and a report that holds one wherever others may have written. */
import fc from 'fast-check';
import type { Report } from '../../src/report/report.ts';

export const hostileTexts: readonly (readonly [string, string])[] = [
  ['markup', '**bold** _it_ ~~gone~~ <b onclick=x>b</b> <script>alert(1)</script>'],
  ['a link and an image', '[ok](https://evil.example) ![x](https://evil.example/x.png)'],
  ['addresses', 'https://evil.example www.evil.example ann@evil.example mailto:ann@evil.example'],
  ['mentions', '@everyone @org/team !@ops (@a) "@b"'],
  ['references', '#12 GH-12 owner/repo#12 !34 %5 ~label $7 &8 ^9 [[page]]'],
  ['commits', 'deadbeef 1234567 0123456789abcdef0123456789abcdef01234567 (c0ffee00)'],
  ['emoji names and mathematics', ':tada: $x^2$ $`y`$'],
  ['an end of a fold', '</details></summary> <details open>'],
  ['a comment', '<!-- <!-- snowgate --> --!>'],
  ['fences', '```\n~~~\n````js\n```'],
  ['backticks', '` `` ``` a`b ``'],
  ['lists and headings', '- one\n* two\n+ three\n1. four\n2) five\n# six\n> seven\n    eight'],
  ['a rule and a heading beneath', 'a\n---\n===\n***'],
  ['a table', 'a | b\n--|--\n| c | d |'],
  ['quick actions', '/close /assign @ann\n/merge'],
  ['commands and references behind quotes', `A'/0 B"/1 C'!2 D"%3 '/4 "/five`],
  ['references to characters', '&lt;b&gt; &#64;ann &amp;amp; &quot; &#x0; &nbsp;'],
  ['backslashes', '\\` \\\\ \\[a\\](b) \\'],
  ['a link of SARIF', 'see [here](0) and [there](https://evil.example) {0} {{1}}'],
  ['code in brackets', '{a: @ann, "#1" [`x`, `` @b]}, {@c: (@d) ]}. [@e: www.f.example, `'],
  ['workflow commands', '::error file=a::b\n::stop-commands::x\r\n::add-mask::y\r::set-output name=a::b'],
  ['old workflow commands', '##[error]a ##[add-mask]b ##[group]c'],
  ['escapes of workflow commands', '%0A::error::x %0D %25 %3A %2C a,b=c:d'],
  ['an end of CDATA', ']]> <![CDATA[x]]> <?xml?> <!DOCTYPE a [<!ENTITY b "c">]> &b;'],
  ['quotes', '" \' \\" "><failure message="x"/><a b="'],
  ['terminal escapes', '\u001b[31mred\u001b[2J\u001b]0;title\u0007 \u009b1m'],
  ['bidi controls', 'exe.\u202egnp\u202c \u2066a\u2069 \u200f'],
  ['nothing to see', 'ad\u200bmin \ufeff \u00ad \u2060 \u3164 \u{e0041}'],
  ['line ends of all kinds', 'a\nb\rc\r\nd\u0085e\u2028f\u2029g\u000bh\u000ci'],
  ['NUL and controls', '\u0000 \u0008 \u007f \u001f'],
  ['no characters', '\ufffe \uffff \ud800 \udc00 \ud800a'],
  ['spaces', '  a   b\u00a0c\u3000d\te  '],
  ['other scripts', 'Zürich 東京 عربى שלום 🚢 e\u0301'],
  ['a path', '../../etc/passwd /a//b C:\\x file:///a?b#c%2e'],
  ['a name of JavaScript', '__proto__ constructor'],
  ['length', `${'@x '.repeat(200)}${'`'.repeat(200)}`],
];

/** Pieces of the above, in any order, and whatever else there is. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc
    .array(fc.constantFrom(...hostileTexts.flatMap(([, text]) => text.split(/(?<=\s)|(?=\s)/))), {
      maxLength: 6,
    })
    .map((pieces) => pieces.join('').slice(0, 500)),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ maxLength: 30 }),
);

/** The text in each place. */
export function plant(text: string): Report {
  const place = { path: text, line: 7, column: 3 };
  const finding = { code: 'SG6301', place, message: text, hint: text } as const;
  return {
    title: text,
    summary: text,
    isFailed: true,
    findings: [
      { ...finding, severity: 'error' },
      { ...finding, severity: 'warning' },
      { ...finding, severity: 'note' },
      { ...finding, severity: 'error', place: null },
    ],
    cases: [
      { group: text, name: text, place, failures: [text, text], skipped: null },
      { group: text, name: `${text}2`, place, failures: [], skipped: text },
    ],
    body: [
      { kind: 'heading', text: [text] },
      { kind: 'text', text: [text] },
      { kind: 'text', text: ['a ', { code: text }, ' b ', { strong: text }, ' c ', text, { code: text }] },
      { kind: 'list', items: [[text], [{ code: text }]] },
      { kind: 'code', language: 'text', text },
      {
        kind: 'fold',
        summary: ['a ', text, { code: text }, { strong: text }],
        isOpen: false,
        blocks: [{ kind: 'text', text: [text] }],
      },
    ],
  };
}
