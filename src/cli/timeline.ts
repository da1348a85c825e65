/** A revision's life as a timeline: when, how long after what came before, what happened, and which commit tells it. */
import { readLife } from '../report/task-life.ts';
import type { ToldEvent } from './ledger-reading.ts';
import type { Colors } from './print.ts';
import { formatWrapped, paintState } from './receipt-view.ts';

/** One line an event, behind two columns; what is too long for a terminal's line goes on below. */
export function formatTimeline(told: readonly ToldEvent[], columns: number, colors: Colors): string {
  const events = told.map(({ event, header, commit }) => ({ event, commit, replica: header.replica }));
  const moments = readLife(events);
  const width = (part: 'at' | 'gap' | 'word'): number => Math.max(0, ...moments.map((m) => m[part].length));
  const [atWidth, gapWidth, wordWidth] = [width('at'), width('gap'), width('word')];
  return moments
    .map(({ at, gap, word, text, told: by }) => {
      const where = by === null ? '' : `[${by.commit.slice(0, 12)} ${by.replica}]`;
      const times = `${at.padEnd(atWidth)}  ${gap.padStart(gapWidth)}  `;
      const shown = paintState(stateOf(word, text), word.padEnd(wordWidth), colors);
      const rest = formatWrapped([text, where].filter((part) => part !== '').join('  '), '', 0).trimEnd();
      const fits = columns === 0 || 2 + times.length + wordWidth + 2 + rest.length <= columns;
      if (fits) return `  ${times}${shown}  ${rest}\n`;
      const below = [text, where].filter((part) => part !== '');
      const head = `${times.trim() === '' ? '' : times}${shown.trimEnd()}`;
      return `  ${head}\n${below.map((part) => formatWrapped(part, '    ', columns)).join('')}`;
    })
    .join('');
}

/** The colour of a line: what went wrong is red, as the state of the same name is. */
function stateOf(word: string, text: string): string {
  if (word !== 'ended') return word;
  return text.startsWith('succeeded') ? 'succeeded' : 'claimed';
}
