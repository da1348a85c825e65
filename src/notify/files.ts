/** The files of the notifier: its cursor, and authorities. */
import { open } from 'node:fs/promises';
import { failed, ok, type Result } from '../lib/faults.ts';
import { writeWhole } from '../lib/whole-file.ts';

/** Where the cursor is kept. */
export interface CursorStore {
  /** Null where there is none. Never rejects; the fault is a code of the system. */
  read(): Promise<Result<string | null, string>>;
  /** On disk when it resolves, the whole of it or nothing. */
  write(text: string): Promise<Result<null, string>>;
}

/** A file that is replaced as a whole: a power cut leaves the old one or the new one. */
export function fileStore(path: string, bytesMax: number): CursorStore {
  return {
    read: async () => {
      const read = await readBounded(path, bytesMax);
      return !read.ok && read.fault === 'ENOENT' ? ok(null) : read;
    },
    write: async (text) => {
      try {
        await writeWhole(path, text);
        return ok(null);
      } catch (error) {
        return failed(codeOf(error));
      }
    },
  };
}

/** A file as text, at most so long. The fault is a code of the system, or `EFBIG`. */
export async function readBounded(path: string, bytesMax: number): Promise<Result<string, string>> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size > bytesMax) return failed('EFBIG');
      const buffer = Buffer.alloc(Math.max(1, size));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return ok(buffer.subarray(0, bytesRead).toString('utf8'));
    } finally {
      await file.close();
    }
  } catch (error) {
    return failed(codeOf(error));
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
