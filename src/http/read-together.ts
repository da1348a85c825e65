/**
 * Reads once for all who ask meanwhile, so that one reading is under way however many ask. Nobody gets what was read before
 * they asked: those who ask while one is under way wait for the next. Rejects as the reading does.
 */
export function readTogether<T>(read: () => Promise<T>): () => Promise<T> {
  let current: Promise<T> | null = null;
  let next: Promise<T> | null = null;
  const begin = (): Promise<T> => {
    next = null;
    const begun = read();
    current = begun;
    const end = (): void => {
      current = null;
    };
    begun.then(end, end);
    return begun;
  };
  return () => {
    if (next !== null) return next;
    if (current === null) return begin();
    next = current.then(begin, begin);
    return next;
  };
}
