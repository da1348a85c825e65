/** What pages load: from this server alone, under names that change with their content. */
import { createHash } from 'node:crypto';
import { icon } from './page-icon.ts';
import { script } from './page-script.ts';
import { style } from './page-style.ts';
import { styleParts } from './page-style-parts.ts';

interface Asset {
  readonly path: string;
  readonly type: string;
  readonly text: string;
}

const served = {
  style: {
    path: '/assets/page.css',
    type: 'text/css; charset=utf-8',
    text: `${style}${styleParts}`,
  },
  script: { path: '/assets/page.js', type: 'text/javascript; charset=utf-8', text: script },
  icon: { path: '/assets/icon.svg', type: 'image/svg+xml', text: icon },
} as const satisfies Record<string, Asset>;

export const assets: readonly Asset[] = Object.values(served);

function version({ text }: Asset): string {
  return createHash('sha256').update(text, 'utf8').digest('hex').slice(0, 16);
}

/** As pages name them. */
export const assetPaths = {
  style: `${served.style.path}?v=${version(served.style)}`,
  script: `${served.script.path}?v=${version(served.script)}`,
  icon: `${served.icon.path}?v=${version(served.icon)}`,
} as const;

/** A browser keeps what it has asked for by its version; what is asked for by another name, or an older one, may be news. */
export function assetAnswer(asset: Asset, request: Request): Response {
  const isNamed = new URL(request.url).search === `?v=${version(asset)}`;
  const cache = isNamed ? 'private, max-age=31536000, immutable' : 'no-store';
  return new Response(asset.text, { headers: { 'content-type': asset.type, 'cache-control': cache } });
}
