/** The word that stands where something is still to be written, in whatever snowgate writes for a person to fill in. */
export const placeholder = 'change-me';

/** Whether a text still holds it. */
export function holdsPlaceholder(text: string): boolean {
  return text.toLowerCase().includes(placeholder);
}
