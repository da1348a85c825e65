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
 * Cuts a stream of bytes into records that end with one byte, whatever the chunks: 0 with `-z`, 10 for lines. A record
 * longer than the limit throws {@link LongRecordError}, which ends the git that wrote it.
 */
export function cutRecords(terminator: number, onRecord: (record: Buffer) => void): RecordCutter {
  let rest: Buffer = Buffer.alloc(0);
  return {
    push: (chunk) => {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = bytes.indexOf(terminator); end >= 0; end = bytes.indexOf(terminator, start)) {
        if (end - start > recordLimitBytes) throw new LongRecordError('a record of git is too long');
        onRecord(bytes.subarray(start, end));
        start = end + 1;
      }
      rest = bytes.subarray(start);
      if (rest.length > recordLimitBytes) throw new LongRecordError('a record of git is too long');
    },
    complete: () => rest.length === 0,
  };
}
