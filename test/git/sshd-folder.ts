/**
 * Debian's sshd wants an empty folder of root's when root starts it, and only its service makes it. Several test files
 * may need it at once: each puts its mark there, and the last one takes the folder away if a test had made it.
 */
import { mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const folder = '/run/sshd';
const madeMark = '.made-by-a-test';

/** Makes the folder where it is wanted; what is answered gives it back. */
export async function borrowSshdFolder(): Promise<() => Promise<void>> {
  if (process.getuid?.() !== 0) return async () => undefined;
  const mark = join(folder, `.used-by-${process.pid}-${performance.now()}`);
  // Another file may take it away between the two steps.
  for (let tries = 0; ; tries += 1) {
    try {
      if ((await mkdir(folder, { recursive: true, mode: 0o755 })) !== undefined)
        await writeFile(join(folder, madeMark), '');
      await writeFile(mark, '');
      break;
    } catch (error) {
      if (tries === 20) throw error;
    }
  }
  return async () => {
    await rm(mark, { force: true });
    const left = await readdir(folder).catch(() => []);
    if (left.length !== 1 || left[0] !== madeMark) return;
    await rm(join(folder, madeMark), { force: true });
    await rmdir(folder).catch(() => undefined);
  };
}
