/** A mistake that a careful person could make: a change to the text of `src/`, made in a copy. */
export interface Defect {
  readonly name: string;
  /** What goes wrong with it, in one sentence. */
  readonly harm: string;
  readonly edits: readonly { readonly file: string; readonly find: string; readonly put: string }[];
}
