import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { Result } from './faults.ts';
import { failed, fault, ok } from './faults.ts';

/** A token or password is short; a larger file is not one, and must not become a header. */
const secretLimitBytes = 8 * 1024;

/**
 * Reads a token or password, without its final newline. Faults: SG3013 missing or unreadable, SG3014 empty, too large
 * or holding control characters, which would let a file write further headers. The content is in no message.
 */
export async function readSecretFile(path: string, what: string): Promise<Result<string>> {
  const read = await readBounded(path, secretLimitBytes);
  if (!read.ok) return failed(missingFault(path, what, read.fault));
  const text = read.value.toString('utf8').replace(/\r?\n$/, '');
  const wrong = secretProblem(read.value.length, text);
  if (wrong === null) return ok(text);
  return failed(
    fault(
      'SG3014',
      'human',
      `the ${what} file ${path} ${wrong}`,
      `put the ${what} alone into the file, on one line`,
    ),
  );
}

/** Proves that a file that another program will read is there, and not empty. Faults: SG3013, SG3014. */
export async function checkFile(path: string, what: string): Promise<Result<null>> {
  const read = await readBounded(path, 1);
  if (!read.ok) return failed(missingFault(path, what, read.fault));
  if (read.value.length > 0) return ok(null);
  return failed(
    fault('SG3014', 'human', `the ${what} file ${path} is empty`, `write the ${what} into the file`),
  );
}

function secretProblem(bytes: number, text: string): string | null {
  if (text.length === 0) return 'is empty';
  if (bytes > secretLimitBytes) return `is larger than ${secretLimitBytes} bytes`;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    if (point < 0x20 || point === 0x7f) return 'holds a line break or another control character';
  }
  return null;
}

function missingFault(path: string, what: string, reason: string) {
  return fault(
    'SG3013',
    'human',
    `the ${what} file ${path} cannot be read: ${reason}`,
    'it is read again at each use; check the path in the configuration, and that the user may read it',
  );
}

/** At most one byte more than the limit, so that the caller can tell: a path may name a device without end. */
async function readBounded(path: string, limitBytes: number): Promise<Result<Buffer, string>> {
  try {
    // Not blocking: a named pipe that nobody writes to would hold us for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const buffer = Buffer.alloc(limitBytes + 1);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
      return ok(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  } catch (error) {
    return failed(error instanceof Error && 'code' in error ? String(error.code) : 'unknown');
  }
}
