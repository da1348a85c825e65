/** What every answer of the API is held to, whichever test asked for it. */
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { expect } from 'vitest';
import { statusSchema, taskDetailSchema, taskListSchema } from '../../src/report/api-schema.ts';

const ajv = new Ajv2020({ strict: false });
addFormats.default(ajv);
const validators = new Map(
  Object.entries({ Status: statusSchema, TaskList: taskListSchema, TaskDetail: taskDetailSchema }).map(
    ([kind, schema]) => [kind, ajv.compile(schema)],
  ),
);

/** A document of the API fits the schema of its kind, with no field that the schema does not tell of; an error says what is wrong. */
export async function expectApiAnswer({ url, method }: Request, answer: Response): Promise<void> {
  if (!new URL(url).pathname.startsWith('/api/') || method === 'HEAD') return;
  expect([url, answer.headers.get('content-type')]).toEqual([url, 'application/json; charset=utf-8']);
  const document = (await answer.json()) as { readonly kind?: string };
  if (answer.status !== 200) {
    expect([url, document]).toEqual([url, { problem: expect.any(String) }]);
    return;
  }
  const validate = validators.get(document.kind ?? '');
  expect([url, validate?.(document), validate?.errors]).toEqual([url, true, null]);
}
