/**
 * What must be done before the process is gone, however it ends itself: at a second signal or an exception nothing
 * else of ours runs any more, and git, in process groups of its own, would outlive us. A `kill -9` is beyond this;
 * the next start ends what it left (see `lockStateDir`).
 */
const acts = new Set<() => void>();

/** Has `act` done, at once and without waiting, when the process exits; the answer takes it back. */
export function beforeExit(act: () => void): () => void {
  if (acts.size === 0) process.once('exit', doAll);
  acts.add(act);
  return () => {
    acts.delete(act);
    if (acts.size === 0) process.removeListener('exit', doAll);
  };
}

/** The newest first: git ends before the folder that it writes to is removed. */
function doAll(): void {
  for (const act of [...acts].reverse()) {
    try {
      act();
    } catch {
      // The others are still to be done, and there is nobody left to tell.
    }
  }
}
