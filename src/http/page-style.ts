/** The style of the pages: colours, type, the frame. Colours come in pairs for light and dark, each with enough contrast. */
export const style = `:root {
  color-scheme: light dark;
  --ground: #f4f6f8; --face: #ffffff; --raised: #eef1f5; --line: #d5dbe3; --strong: #8492a4;
  --ink: #17212e; --soft: #4d5b6d; --link: #0a57a4; --focus: #0a57a4;
  --bad: #a8201a; --bad-face: #fdebe9; --warn: #7a4a00; --warn-face: #fdf1da;
  --run: #0b4f94; --run-face: #e4effa; --wait: #4a3f8c; --wait-face: #ecebf8;
  --good: #17653a; --good-face: #e3f3e9; --quiet: #4d5b6d; --quiet-face: #eaedf1;
  --open: #2f9461; --freeze: #b9433b; --now: #17212e;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #10161e; --face: #18212c; --raised: #212c39; --line: #2f3c4b; --strong: #64758a;
    --ink: #e7edf4; --soft: #a7b4c4; --link: #82bbf5; --focus: #9cc9f8;
    --bad: #ffaaa3; --bad-face: #45201f; --warn: #f4c979; --warn-face: #3d2f14;
    --run: #9ecbfa; --run-face: #17324d; --wait: #c3bcf7; --wait-face: #2c294d;
    --good: #8fdab0; --good-face: #15382a; --quiet: #b3becb; --quiet-face: #2a3542;
    --open: #47b07b; --freeze: #e0736b; --now: #e7edf4;
  }
}
* { box-sizing: border-box; }
html { background: var(--ground); color: var(--ink); -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }
body {
  margin: 0; min-height: 100vh; display: flex; flex-direction: column;
  font: 400 1rem/1.5 -apple-system, "Segoe UI", Roboto, "Noto Sans", system-ui, sans-serif;
  overflow-wrap: anywhere;
}
code, pre, .mono { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", "DejaVu Sans Mono", monospace; font-size: .86em; }
h1, h2, h3, p, ul, ol, dl, dd, figure, pre { margin: 0; padding: 0; }
ul, ol { list-style: none; }
h1 { font-size: 1.6rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; }
h2 { font-size: 1.12rem; line-height: 1.3; font-weight: 650; }
h3 { font-size: 1rem; font-weight: 600; }
a { color: var(--link); text-decoration-thickness: .06em; text-underline-offset: .18em; }
a:hover { text-decoration-thickness: .12em; }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
main:focus { outline: none; }
.hidden, caption { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: .5rem; top: -4rem; z-index: 2; padding: .5rem 1rem; background: var(--face); border: 2px solid var(--focus); border-radius: 6px; }
.skip:focus { top: .5rem; }
.soft, .label, .since, .where, .what { color: var(--soft); }
.label { font-size: .86rem; }

.top { background: var(--face); border-bottom: 1px solid var(--line); }
.bar { max-width: 70rem; margin: 0 auto; padding: .6rem 1.25rem; display: flex; flex-wrap: wrap; align-items: center; gap: .3rem 1.5rem; }
.brand { display: inline-flex; align-items: center; gap: .55rem; font-weight: 700; color: var(--ink); text-decoration: none; letter-spacing: -.01em; }
.brand img { display: block; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem; }
nav a { display: block; padding: .3rem .7rem; border-radius: 6px; color: var(--soft); text-decoration: none; font-weight: 550; }
nav a:hover { background: var(--raised); color: var(--ink); }
nav a[aria-current] { background: var(--raised); color: var(--ink); box-shadow: inset 0 -2px 0 var(--link); border-radius: 6px 6px 2px 2px; }
.link { margin-left: auto; font-size: .86rem; color: var(--soft); display: flex; align-items: center; gap: .45rem; }
.link:empty { display: none; }
.link::before { content: ""; width: .6rem; height: .6rem; border: 2px solid currentcolor; border-radius: 50%; }
.link.live::before { background: var(--open); border-color: var(--open); }
.link.lost { color: var(--bad); font-weight: 600; }
.link.lost::before { border-radius: 0; transform: rotate(45deg); background: currentcolor; }
main { width: 100%; max-width: 70rem; margin: 0 auto; padding: 1.5rem 1.25rem 2.5rem; flex: 1; }
footer { border-top: 1px solid var(--line); color: var(--soft); font-size: .86rem; }
footer p { max-width: 70rem; margin: 0 auto; padding: .8rem 1.25rem; display: flex; flex-wrap: wrap; gap: .2rem 1.5rem; }

.title { display: flex; flex-wrap: wrap; align-items: baseline; gap: .3rem .9rem; margin-bottom: 1.1rem; }
.title .badge { align-self: center; }
.crumb { margin-bottom: .25rem; font-size: .9rem; color: var(--soft); }
.lead { max-width: 46rem; margin: -.5rem 0 1.25rem; color: var(--soft); }
section, .block { margin-top: 1.9rem; }
section > h2, .block > h2 { margin-bottom: .65rem; display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem .6rem; }
h2 .number { font-weight: 500; color: var(--soft); font-size: .95rem; }
.card { background: var(--face); border: 1px solid var(--line); border-radius: 10px; padding: .9rem 1.1rem; }
.card + .card { margin-top: .6rem; }
.nothing { color: var(--soft); }

.badge { display: inline-flex; align-items: center; gap: .35em; padding: .08em .6em .08em .45em; border-radius: 999px; font-size: .86rem; font-weight: 600; line-height: 1.5; white-space: nowrap; background: var(--quiet-face); color: var(--quiet); border: 1px solid transparent; }
.shape { width: .82em; height: .82em; flex: none; fill: currentcolor; }
.bad { background: var(--bad-face); color: var(--bad); }
.warn { background: var(--warn-face); color: var(--warn); }
.run { background: var(--run-face); color: var(--run); }
.wait { background: var(--wait-face); color: var(--wait); }
.good { background: var(--good-face); color: var(--good); }
.quiet { background: var(--quiet-face); color: var(--quiet); }
.code { padding: .1em .4em; border-radius: 4px; background: var(--raised); color: var(--ink); font-weight: 600; }
.dot { color: var(--strong); }
.count { font-variant-numeric: tabular-nums; }
.zone, .local { color: var(--soft); }

@media (forced-colors: active) {
  .badge, .tile { border-color: currentcolor; }
}
@media (prefers-reduced-motion: no-preference) {
  nav a { transition: background-color .12s; }
}
@media (max-width: 34rem) {
  .bar, main, footer p { padding-left: .85rem; padding-right: .85rem; }
  h1 { font-size: 1.35rem; }
  .link { margin-left: 0; }
}
`;
