import { readDocuments } from '../../src/lib/document.ts';
import type { Window } from '../../src/policy/window.ts';
import { type ParsedWindow, parseWindow } from '../../src/policy/window-parse.ts';

const limits = { fileBytes: 65_536, documentsPerFile: 10, depth: 32 };

/** Reads a window whose spec is given as JSON, which is YAML. */
export function readWindow(spec: object, calendars: Readonly<Record<string, string>> = {}): ParsedWindow {
  const text = JSON.stringify({ apiVersion: 'snowgate/v1', kind: 'Window', metadata: { name: 'w' }, spec });
  return readText(text, calendars);
}

/** Reads the one document of a text. */
export function readText(text: string, calendars: Readonly<Record<string, string>> = {}): ParsedWindow {
  const file = readDocuments(new TextEncoder().encode(text), limits);
  const document = file.ok ? file.documents[0] : undefined;
  if (document?.ok !== true) throw new Error(`no document: ${JSON.stringify(file)}`);
  return parseWindow(document, {
    path: 'policies/north/w.yaml',
    calendars: (path) => calendars[path] ?? null,
  });
}

/** A window without a problem that is an error. */
export function windowOf(spec: object, calendars: Readonly<Record<string, string>> = {}): Window {
  const { window, problems } = readWindow(spec, calendars);
  if (window === null) throw new Error(JSON.stringify(problems, null, 1));
  return window;
}

/** `SG1305 error`, in reading order. */
export function findings(spec: object, calendars: Readonly<Record<string, string>> = {}): string[] {
  return readWindow(spec, calendars).problems.map(({ code, severity }) => `${code} ${severity}`);
}
