/** Resolves when the process is asked to end, at once where it already was. */
export function untilStopped(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (stop.aborted) resolve();
    else stop.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** Closes what works for a command when the process is asked to end: its git is ended, and the command tells so. */
export function closeOnStop(stop: AbortSignal, opened: { close(): Promise<void> }): void {
  const close = (): void => {
    opened.close().catch(() => {
      // Closing is tried once more when the command ends; what fails then is a bug, and is told as one.
    });
  };
  if (stop.aborted) close();
  else stop.addEventListener('abort', close, { once: true });
}
