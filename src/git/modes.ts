/** What git calls the kinds of entries in its trees. */

export const folderMode = '040000';
/** The modes of entries that are never followed. */
export const symbolicLinkMode = '120000';
export const gitlinkMode = '160000';

/** Whether a mode is that of a file with content of its own: executable or not, but no link. */
export function isRegularFile(mode: string): boolean {
  return mode === '100644' || mode === '100755';
}
