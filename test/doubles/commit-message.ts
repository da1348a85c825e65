/** What git makes of a commit's message, told in another way than by asking git. */
import type { CommitRef } from '../../src/controller/ports.ts';

/** The first paragraph, as one line. */
export function subjectOf(message: string): string {
  return message.trimStart().split('\n\n')[0]?.trim().replaceAll('\n', ' ') ?? '';
}

/** The last of several paragraphs, where each of its lines is one: what the tests write, and not all that git knows. */
export function trailersOf(message: string): CommitRef['trailers'] {
  const trailers: Record<string, string[]> = Object.create(null);
  const paragraphs = message.trim().split(/\n\n+/);
  const lines = paragraphs.length < 2 ? [] : (paragraphs.at(-1) ?? '').split(/\n(?![ \t])/);
  if (!lines.every((line) => /^[A-Za-z0-9-]+:/.test(line))) return trailers;
  for (const line of lines) {
    const [key = '', ...rest] = line.split(':');
    const value = rest.join(':').replaceAll(/\n[ \t]+/g, ' ');
    trailers[key.toLowerCase()] = [...(trailers[key.toLowerCase()] ?? []), value.trim()];
  }
  return trailers;
}
