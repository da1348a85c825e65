/** What git wrote is not what it writes: our copy is damaged, or this git is another. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

/** A record longer than the limit: a path that nobody means, in a tree made to hurt. */
export class LongRecordError extends RecordError {}

export interface RecordCutter {
  readonly push: (chunk: Buffer) => void;
  /** Whether the last record was ended: the output was not cut. */
  readonly complete: () => boolean;
}

/** Longer than any path or header that git writes: the kernel's own paths end at 4 KiB. */
const recordLimitBytes = 64 * 1024;

/**
 * Cuts a stream of bytes into records that end with one byte, whatever the chunks: 0 with `-z`, 10 for lines. Of a
 * record longer than the limit `cut` gives the beginning, where only that is wanted; `refuse` throws
 * {@link LongRecordError}, which ends the git that wrote it.
 */
export function cutRecords(
  terminator: number,
  onRecord: (record: Buffer) => void,
  whenLong: 'refuse' | 'cut' = 'refuse',
): RecordCutter {
  let rest: Buffer = Buffer.alloc(0);
  /** The beginning of this record was given already. */
  let skipping = false;
  const give = (record: Buffer): void => {
    if (record.length > recordLimitBytes && whenLong === 'refuse')
      throw new LongRecordError('a record of git is too long');
    onRecord(record.subarray(0, recordLimitBytes));
  };
  return {
    push: (chunk) => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = bytes.indexOf(terminator); end >= 0; end = bytes.indexOf(terminator, start)) {
        if (skipping) skipping = false;
        else give(bytes.subarray(start, end));
        start = end + 1;
      }
      rest = skipping ? Buffer.alloc(0) : bytes.subarray(start);
      if (rest.length <= recordLimitBytes) return;
      give(rest);
      rest = Buffer.alloc(0);
      skipping = true;
    },
    complete: () => rest.length === 0 && !skipping,
  };
}
