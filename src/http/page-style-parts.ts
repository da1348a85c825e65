/** The style of what pages are made of: lists of tasks, cards, timelines, tables, drawn windows. */
export const styleParts = `
.verdict { display: flex; align-items: flex-start; gap: .9rem; border-radius: 10px; padding: .95rem 1.1rem; border: 1px solid var(--line); }
.verdict .shape { width: 1.5rem; height: 1.5rem; margin-top: .2rem; }
.verdict h1 { font-size: 1.3rem; }
.verdict p, .verdict li { color: var(--ink); }
.verdict .heads { margin-left: auto; padding-left: 1.2rem; font-size: .92rem; text-align: right; }
.verdict + .card { margin-top: .8rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .6rem; margin-top: .8rem; }
.tile { display: block; height: 100%; padding: .6rem .9rem; background: var(--face); border: 1px solid var(--line); border-radius: 10px; text-decoration: none; color: var(--ink); }
a.tile:hover { border-color: var(--strong); }
.tile b { display: flex; align-items: center; gap: .45rem; font-size: 1.5rem; line-height: 1.25; font-weight: 650; font-variant-numeric: tabular-nums; }
.tile .shape { width: 1rem; height: 1rem; }
.tile span { font-size: .9rem; }
.tile.bad { background: var(--bad-face); }
.tile.warn { background: var(--warn-face); }
.tile.bad .shape { color: var(--bad); }
.tile.warn .shape { color: var(--warn); }
.tile.run .shape { color: var(--run); }
.tile.wait .shape { color: var(--wait); }
.tile.good .shape { color: var(--good); }
.tile.none { color: var(--soft); background: none; }
.sync { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 17rem), 1fr)); gap: .6rem; }
.sync .card + .card { margin-top: 0; }
.sync h3 { display: flex; align-items: center; justify-content: space-between; gap: .5rem; margin-bottom: .3rem; }
.halts .card { border-left: 4px solid var(--bad); }
.halts .next { margin-top: .3rem; }

.tasks { background: var(--face); border: 1px solid var(--line); border-radius: 10px; }
.tasks > li { padding: .85rem 1.1rem; }
.tasks > li + li { border-top: 1px solid var(--line); }
.tasks > li > * + * { margin-top: .45rem; }
.tasks.brief > li { padding: .5rem 1.1rem; display: flex; flex-wrap: wrap; gap: .3rem .9rem; align-items: center; }
.tasks.brief > li > * + * { margin-top: 0; }
.tasks.brief .head { flex: 1 1 30rem; }
.tasks.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); padding: .4rem 0; }
.tasks.grid > li { border: 0; }
.tasks.grid .head { flex: 1 1 10rem; }
.head { display: flex; flex-wrap: wrap; align-items: baseline; gap: .25rem .7rem; }
.head .badge { align-self: center; }
.head .since { margin-left: auto; font-size: .86rem; }
.what { display: flex; flex-wrap: wrap; gap: 0 .6rem; font-size: .92rem; }
.until strong { margin-left: .35rem; }
.next { border-left: 3px solid var(--strong); padding-left: .6rem; }
.reasons > li + li { margin-top: .3rem; }
.where { font-size: .88rem; }
.detail { color: var(--soft); }
.devices { display: flex; flex-wrap: wrap; gap: .35rem 1.3rem; font-size: .92rem; }
.devices li { display: flex; flex-wrap: wrap; align-items: center; gap: .1rem .45rem; }
.device, .devices .device { font-family: ui-monospace, "SF Mono", "Cascadia Mono", "Roboto Mono", "DejaVu Sans Mono", monospace; font-size: .86em; }
.more { color: var(--soft); font-style: italic; }

.facts { display: grid; gap: .3rem 0; }
.facts > div { display: grid; grid-template-columns: minmax(6rem, 10rem) minmax(0, 1fr); gap: 0 1rem; }
.facts dt { color: var(--soft); }
.facts .devices { gap: .25rem .9rem; }

.life { border-left: 2px solid var(--line); margin-left: .45rem; padding-left: 1.25rem; }
.life > li { position: relative; padding-bottom: .8rem; }
.life > li:last-child { padding-bottom: 0; }
.life > li::before { content: ""; position: absolute; left: calc(-1.25rem - 6px); top: .5rem; width: 10px; height: 10px; border-radius: 50%; background: var(--face); border: 2px solid var(--strong); }
.life .head { gap: .1rem .7rem; }
.life .gap { color: var(--soft); font-variant-numeric: tabular-nums; }
details > summary { cursor: pointer; font-weight: 600; width: fit-content; padding: .15rem .2rem; border-radius: 4px; }
details > summary ~ * { margin-top: .6rem; }
pre { overflow: auto; padding: .8rem 1rem; background: var(--raised); border-radius: 8px; line-height: 1.45; white-space: pre-wrap; }
.block pre, .card pre { max-height: 30rem; }
.card > * + * { margin-top: .8rem; }
.card.revision { padding: 1.1rem 1.25rem; }
.revision > * + * { margin-top: 1.3rem; padding-top: 1.1rem; border-top: 1px solid var(--line); }
.revision h3, .revision h4 { margin-bottom: .4rem; }
.revision div > .until, .revision div > .reasons, .revision div > .next, .revision h4 { margin-top: .5rem; }
h4 { margin: 0; font-size: .92rem; font-weight: 600; }

.scroll { overflow-x: auto; background: var(--face); border: 1px solid var(--line); border-radius: 10px; position: relative; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .5rem .9rem; vertical-align: top; }
td { overflow-wrap: normal; }
th { color: var(--soft); font-weight: 600; font-size: .86rem; white-space: nowrap; }
tbody tr { border-top: 1px solid var(--line); }
td .when { white-space: nowrap; }
td .zone, td .local { display: block; }

.filter { display: flex; flex-wrap: wrap; gap: .6rem .9rem; align-items: end; }
.filter > * + * { margin-top: 0; }
.filter div { flex: 1 1 9rem; min-width: 0; }
.filter label { display: block; font-size: .86rem; color: var(--soft); }
input, select, button { font: inherit; color: inherit; width: 100%; min-height: 2.4rem; padding: .3rem .6rem; background: var(--face); border: 1px solid var(--strong); border-radius: 6px; }
button { width: auto; padding: .3rem 1.1rem; background: var(--link); border-color: var(--link); color: var(--face); font-weight: 600; cursor: pointer; }
.pager { display: flex; flex-wrap: wrap; gap: .4rem 1.2rem; margin-top: .9rem; }

.strip { display: block; width: 100%; height: 50px; overflow: visible; }
.strip.tall { height: 64px; }
.days { display: grid; gap: 3px; }
.days li { display: grid; grid-template-columns: 5.6rem minmax(0, 1fr); gap: .6rem; align-items: center; }
.days .day { font-size: .86rem; font-variant-numeric: tabular-nums; white-space: nowrap; }
.days li.today .day { font-weight: 700; }
.days .note { grid-column: 2; margin-top: -.35rem; font-size: .82rem; line-height: 1.3; color: var(--warn); }
.days .strip { height: 18px; }
.days .ruler { height: 16px; }
.strip text { fill: var(--soft); font-size: 12px; }
.strip .bed { fill: var(--raised); }
.strip .opening { fill: var(--open); }
.strip .cutoff { stroke: var(--open); }
.strip .freeze { stroke: var(--freeze); }
.strip .midnight { stroke: var(--line); stroke-width: 1; }
.strip .change { stroke: var(--warn); stroke-width: 2; stroke-dasharray: 3 2; }
.strip text.change-text { fill: var(--warn); stroke: none; font-weight: 600; }
.strip .now { stroke: var(--now); stroke-width: 2; }
.strip .now-head { fill: var(--now); }
.pattern-freeze { fill: var(--face); stroke: var(--freeze); stroke-width: 3; }
.pattern-freeze rect, .pattern-cutoff rect { stroke: none; }
.pattern-cutoff { fill: var(--face); stroke: var(--open); stroke-width: 2; }
.defs { position: absolute; width: 0; height: 0; }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; font-size: .88rem; color: var(--soft); margin: .2rem 0 1rem; }
.legend li { display: inline-flex; align-items: center; gap: .45rem; }
.legend svg { width: 22px; height: 12px; flex: none; }
.legend .opening { fill: var(--open); }
.legend .bed { fill: var(--raised); stroke: var(--line); }
.legend .now { stroke: var(--now); stroke-width: 2; }
.legend .change { stroke: var(--warn); stroke-width: 2; stroke-dasharray: 3 2; }
.narrow { display: none; }
@media (max-width: 44rem) {
  .wide { display: none; }
  .narrow { display: inline; }
  .facts > div { grid-template-columns: minmax(0, 1fr); }
  .facts > div + div { margin-top: .35rem; }
  .days li { grid-template-columns: 4.6rem minmax(0, 1fr); gap: .4rem; }
  .tasks > li, .card { padding-left: .8rem; padding-right: .8rem; }
  .head .since { margin-left: 0; }
  .verdict { flex-wrap: wrap; }
  .verdict > div { flex: 1; }
  .verdict .heads { margin-left: 0; padding-left: 0; width: 100%; text-align: left; }
}
`;
