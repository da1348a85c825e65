/** Headings of Markdown, and the anchors by which GitHub links to them. */

/** The anchor of the first heading of this text on a page. */
export function anchorOf(heading: string): string {
  return heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, '')
    .replaceAll(' ', '-');
}

/** Every anchor of a page; those of headings that are there twice are numbered. */
export function listAnchors(page: string): Set<string> {
  const counts = new Map<string, number>();
  const anchors = new Set<string>();
  for (const [, heading = ''] of withoutCode(page).matchAll(/^#{1,6} +(.*?) *#*$/gm)) {
    const anchor = anchorOf(heading);
    const count = counts.get(anchor) ?? 0;
    counts.set(anchor, count + 1);
    anchors.add(count === 0 ? anchor : `${anchor}-${count}`);
  }
  return anchors;
}

export interface Link {
  readonly line: number;
  readonly target: string;
}

/** Every link to somewhere in the repository; those that stand in code are none. */
export function listLinks(page: string): Link[] {
  return withoutCode(page)
    .split('\n')
    .flatMap((line, index) =>
      [
        ...line
          .replaceAll(/`[^`]*`/g, (code) => code.replaceAll(/[[\]()]/g, ' '))
          .matchAll(/\]\(([^)\s]+)\)/g),
      ]
        .map(([, target = '']) => ({ line: index + 1, target }))
        .filter(({ target }) => !/^[a-z]+:/.test(target)),
    );
}

/** The page with nothing in its fenced blocks, and as many lines. */
function withoutCode(page: string): string {
  return page.replaceAll(/^ *(```+|~~~+)[^\n]*\n[\s\S]*?^ *\1 *$/gm, (block) =>
    block.replaceAll(/[^\n]/g, ''),
  );
}
