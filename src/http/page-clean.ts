/** What leaves a page's model before it is HTML: secrets, device ids that readers must not know, and texts without an end. */
import { shortenDevices } from '../lib/device-ids.ts';
import { boundText } from '../lib/escape.ts';
import type { Redactor } from '../lib/redact.ts';
import type { DeviceNames } from './device-names.ts';

/** No sentence of ours and no word of AWS is longer; what others wrote may be. */
const textLengthMax = 2_000;

export type Clean = (text: string) => string;

/**
 * Hides secrets, and then devices: a secret of which a part was shortened before would be found no more. One function for a
 * request. `devices` are those to shorten; null where they may be shown.
 */
export function makeHide(redactor: Pick<Redactor, 'redact'>, devices: DeviceNames | null): Clean {
  return (text) => {
    const safe = redactor.redact(text);
    return devices === null ? safe : shortenDevices(safe, (word) => devices.has(word));
  };
}

/** The same for what is drawn. A text is cut last: the half of a secret, or of a device, is nothing that anybody knows. */
export function makeClean(redactor: Redactor, devices: DeviceNames | null): Clean {
  const hide = makeHide(redactor, devices);
  return (text) => boundText(hide(text), textLengthMax);
}

/**
 * The same value with every text in it cleaned. A link (`href`) that would tell what is hidden is null instead: percent signs hide
 * a word from whoever looks for it, so it is read as it is meant.
 */
export function cleanModel<T>(model: T, clean: Clean): T {
  return walk(model, clean) as T;
}

function walk(value: unknown, clean: Clean): unknown {
  if (typeof value === 'string') return clean(value);
  if (Array.isArray(value)) return value.map((item) => walk(item, clean));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, item]) => {
    if (key === 'href' && typeof item === 'string') return [key, tells(item, clean) ? null : item];
    return [key, walk(item, clean)];
  });
  return Object.fromEntries(entries);
}

function tells(href: string, clean: Clean): boolean {
  const meant = decode(href);
  return meant === null || clean(meant) !== meant || clean(href) !== href;
}

function decode(href: string): string | null {
  try {
    return decodeURIComponent(href);
  } catch {
    return null;
  }
}
