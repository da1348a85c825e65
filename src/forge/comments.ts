/** All that is asked of a forge: the comments below one pull request. */
import type { Result } from '../lib/faults.ts';

export interface Comment {
  readonly id: number;
  /** Null where the forge does not know any more. */
  readonly author: string | null;
  readonly body: string;
}

/**
 * Every answer may be a fault: SG8001 (not allowed), SG8002 (not there), SG8003 (too many requests), SG8004 (not reached, or
 * an error of the forge), SG8005 (an answer that is none), SG8006 (refused).
 */
export interface CommentApi {
  /** In no promised order. */
  list(): Promise<Result<readonly Comment[]>>;
  /** A fault of class `retry` leaves open whether it was made. */
  create(body: string): Promise<Result<Comment>>;
  update(id: number, body: string): Promise<Result<Comment>>;
  /** Removing what is not there any more is done, too. */
  remove(id: number): Promise<Result<null>>;
}
