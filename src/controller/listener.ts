/** Those who only listen to what the loop does. */
import { describeBug } from '../lib/faults.ts';
import type { Journal } from './ports.ts';

/** Calls one. A bug of it is told as `event`, and keeps neither the loop from turning nor others from hearing. */
export function callListener(journal: Journal, event: string, listener: () => void): void {
  try {
    listener();
  } catch (error) {
    journal.write('error', event, { code: 'SG6224', reason: describeBug(error) });
  }
}
