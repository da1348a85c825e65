/** What every page has around it: head, landmarks, navigation, and what the script writes to. */

import { type Html, html } from './html.ts';
import { assetPaths } from './page-assets.ts';
import { utcText } from './page-time.ts';

export type Section = 'overview' | 'tasks' | 'windows' | null;

export interface Frame {
  readonly title: string;
  /** Which entry of the navigation it belongs to. */
  readonly section: Section;
  readonly replica: string;
  readonly atMs: number;
  /** Changes whenever a pass has ended. */
  readonly revision: string;
  /** In a few words how everything stands: told to whoever does not see the page when it changes. */
  readonly summary: string;
}

const entries = [
  ['overview', '/', 'Overview'],
  ['tasks', '/tasks', 'Tasks'],
  ['windows', '/windows', 'Windows'],
] as const;

/** A whole document. */
export function page({ title, section, replica, atMs, revision, summary }: Frame, main: Html): Html {
  const nav = entries.map(([name, href, text]) => {
    const current = name === section ? html` aria-current="page"` : null;
    return html`<li><a href="${href}"${current}>${text}</a></li>`;
  });
  return html`<!doctype html>
<html lang="en" data-at="${atMs}" data-revision="${revision}">
<head>
<meta charset="utf-8">
<title>${title} - snowgate ${replica}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${assetPaths.icon}" type="image/svg+xml">
<link rel="stylesheet" href="${assetPaths.style}">
<script src="${assetPaths.script}" defer></script>
<noscript><meta http-equiv="refresh" content="60"></noscript>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top"><div class="bar">
<a class="brand" href="/"><img src="${assetPaths.icon}" alt="" width="24" height="24">snowgate</a>
<nav aria-label="Pages"><ul>${nav}</ul></nav>
<p class="link" id="link" role="status"></p>
</div></header>
<main id="main" tabindex="-1" data-summary="${summary}">
${main}
</main>
<footer><p><span>replica ${replica}</span> <span>read at <time id="read-at" datetime="${new Date(atMs).toISOString()}">${utcText(atMs)}</time></span></p></footer>
<p class="hidden" id="news" role="status"></p>
</body>
</html>
`;
}
