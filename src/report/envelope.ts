/** The JSON of commands and of the API: versioned, so that whoever reads it can tell what it is and when it changes. */

const apiVersion = 'snowgate/v1';

export type DocumentKind =
  | 'Validation'
  | 'PolicyTestRun'
  | 'Plan'
  | 'MergePlan'
  | 'Status'
  | 'TaskList'
  | 'TaskDetail';

/** The fields of a document, after what it is. Its schema is in `schemas/`. */
export function makeDocument(kind: DocumentKind, fields: object): object {
  return { apiVersion, kind, ...fields };
}
