/** A mistake that a careful person could make: a change to the text of `src/`, made in a copy. */
export interface Defect {
  readonly name: string;
  /** Where the hunt begins: a little before the seed that caught it last, where that is a late one. The first by default. */
  readonly from?: number;
  /** What goes wrong with it, in one sentence. */
  readonly harm: string;
  readonly edits: readonly { readonly file: string; readonly find: string; readonly put: string }[];
}
