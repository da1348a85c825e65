/** Does what a page shows, step by step, and holds what is written to what is shown. */
import { type Block, blocksOf, commandsOf, findUnwritten } from './page.ts';

export interface Following {
  /** Runs a line; answers what it wrote. */
  readonly type: (line: string) => Promise<string>;
  /** What is done with a block of YAML: on a page of an operator it is a part of the configuration. */
  readonly write: (text: string) => void;
  /** What stands here for a word of the page. */
  readonly words?: Readonly<Record<string, () => string | Promise<string>>>;
  /** How long a command is typed again where it does not write yet what is shown. */
  readonly patienceMs?: number;
}

/** Follows a section to its end; answers each shown line that was not written, with what was written instead. */
export async function follow(section: string, following: Following): Promise<string[]> {
  const unwritten: string[] = [];
  for (const block of blocksOf(section)) {
    if (block.language === 'yaml') following.write(await fill(block.text, following));
    if (block.language === 'console') unwritten.push(...(await typeIn(block, following)));
  }
  return unwritten;
}

async function typeIn(block: Block, following: Following): Promise<string[]> {
  const unwritten: string[] = [];
  for (const { line, shown } of commandsOf(block)) {
    const filled = await fill(line, following);
    const begun = performance.now();
    let told = await compare(filled, shown, following);
    while (told.length > 0 && performance.now() - begun < (following.patienceMs ?? 0)) {
      await new Promise((resolve) => setTimeout(resolve, againMs));
      told = await compare(filled, shown, following);
    }
    unwritten.push(...told);
  }
  return unwritten;
}

const againMs = 300;

async function compare(line: string, shown: string, { type }: Following): Promise<string[]> {
  const text = await type(line);
  const missing = findUnwritten(shown, text);
  return missing.length === 0 ? [] : [`$ ${line}`, ...missing, `wrote: ${text}`];
}

async function fill(text: string, { words = {} }: Following): Promise<string> {
  let filled = text;
  for (const [word, value] of Object.entries(words)) {
    if (filled.includes(word)) filled = filled.replaceAll(word, await value());
  }
  return filled;
}
