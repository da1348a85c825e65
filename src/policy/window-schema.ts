import { durationPattern } from '../config/duration.ts';
import type { JsonSchema } from '../lib/document-compile.ts';
import { nameSchema } from '../lib/document-names.ts';

const apiVersion = 'snowgate/v1';

/** Entries of `open`, and of `closed`: more than a person oversees; a calendar file holds a thousand events. */
export const entriesMax = 100;

const durationSchema: JsonSchema = {
  type: 'string',
  pattern: durationPattern,
  'x-code': 'SG1308',
  'x-rule': 'a whole number and a unit, as 90m, 6h or 2d',
};

const wallSchema: JsonSchema = {
  type: 'string',
  minLength: 1,
  // What is wrong with a time is told by the parser, with its reason; this keeps a message short.
  maxLength: 40,
};

const entrySchema: JsonSchema = {
  type: 'object',
  title: 'Times',
  description: 'One of three forms: {start, duration}, {from, to} or {ics}.',
  'x-more':
    'A time that recurs, a single one, or the events of a calendar file; each with a `reason`, if you like.',
  additionalProperties: false,
  properties: {
    start: {
      type: 'string',
      title: 'Recurring start',
      description: 'Cron: minute, hour, day-of-month, month, weekday, in the local time of the zone.',
      'x-more':
        'With `duration`. In quotes, because YAML reads a leading `*` as something else. It belongs to the day on which it starts: `0 22 * * MON` for 6h goes on into Tuesday. `SUN#1` is the first Sunday of a month, `FRIL` the last Friday, `L` as day-of-month the last day; day-of-month together with weekday is an error. At most 96 starts a day.',
      minLength: 1,
      maxLength: 512,
      examples: ['0 22 * * FRI', '30 1 * * SUN#1'],
    },
    duration: {
      ...durationSchema,
      title: 'Duration',
      description: 'How long each lasts, as elapsed time: 1m to 31d.',
      'x-more': 'With `start`. 6h are 6h over a change of the clocks, too.',
      examples: ['6h'],
    },
    from: {
      ...wallSchema,
      title: 'From',
      description: 'Begin of a single time: a local time of the zone, without an offset.',
      'x-more':
        'With `to`. To the minute, in the years 2000 to 2199. A time that a change of the clocks skips is the first instant after the gap; one that occurs twice is the first of the two.',
      examples: ['2026-12-01T08:00'],
    },
    to: {
      ...wallSchema,
      title: 'To',
      description: 'End of a single time, not part of it: a local time of the zone, without an offset.',
      'x-more': 'With `from`, and later.',
      examples: ['2026-12-01T10:00'],
    },
    ics: {
      type: 'string',
      title: 'Calendar file',
      description: 'The path of an iCalendar file (RFC 5545), from the folder of this file.',
      'x-more':
        'Without `..` and without a leading slash. Its events are open times below `open` and closed ones below `closed`; an event without a summary has the reason that stands here. At most 256 KiB and 1000 events, and ten calendars in a window.',
      minLength: 1,
      maxLength: 512,
      examples: ['freeze.ics'],
    },
    reason: {
      type: 'string',
      title: 'Reason',
      description: 'Why, for people: it is shown where the window is open or closed for it.',
      minLength: 1,
      maxLength: 120,
      examples: ['holidays'],
    },
  },
};

const specSchema: JsonSchema = {
  type: 'object',
  title: 'When it is open',
  description: 'Times at which tasks may be issued.',
  'x-more': 'A window allows nothing by itself: policies name it, and say for which tasks it is.',
  additionalProperties: false,
  required: ['timeZone'],
  properties: {
    description: {
      type: 'string',
      title: 'Description',
      description: 'What the window is for.',
      minLength: 1,
      maxLength: 1024,
      examples: ['Friday nights, when the ships are in port'],
    },
    timeZone: {
      type: 'string',
      title: 'Time zone',
      description: 'The IANA zone of all its times. There is no default.',
      'x-more':
        'As IANA spells it, older aliases too. A fixed offset is an error, because it follows the clocks of no place; an unknown zone is an error, and never UTC.',
      minLength: 1,
      maxLength: 64,
      examples: ['Europe/Oslo'],
      'x-missing': 'write the IANA name of the zone, as Europe/Oslo or UTC',
    },
    open: {
      type: 'array',
      title: 'Open',
      description: 'Times at which it is open. Absent: open except when closed.',
      'x-more': 'Entries that touch or overlap are one opening. An empty list is an error.',
      minItems: 1,
      maxItems: entriesMax,
      items: entrySchema,
      examples: [[{ start: '0 22 * * FRI', duration: '6h' }]],
      'x-rule': 'leave it out for "open except when closed"; a window that is never open is none',
    },
    closed: {
      type: 'array',
      title: 'Closed',
      description: 'Freezes; they win over open.',
      'x-more': 'Left out, nothing is closed but by `open`.',
      maxItems: entriesMax,
      items: entrySchema,
      default: [],
      examples: [[{ from: '2026-12-20T00:00', to: '2027-01-03T00:00', reason: 'holidays' }]],
    },
    cutoff: {
      ...durationSchema,
      title: 'Cutoff',
      description: 'Nothing new begins this long before openness really ends: up to 7d.',
      'x-more':
        'Leaves what has begun the time to end. Counted from where openness really ends, also where an entry of `closed` ends it. It is to be shorter than the openings.',
      default: '0m',
      examples: ['15m'],
    },
  },
};

/** A window: JSON Schema, draft 2020-12. The published schemas/window.schema.json is made from it. */
export const windowSchema: JsonSchema = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  $id: 'urn:snowgate:v1:window',
  title: 'snowgate window',
  description: 'A named set of times that policies speak of.',
  type: 'object',
  additionalProperties: false,
  required: ['apiVersion', 'kind', 'metadata', 'spec'],
  properties: {
    apiVersion: {
      type: 'string',
      title: 'Version of the format',
      description: 'The version of the format: snowgate/v1.',
      const: apiVersion,
      'x-code': 'SG1304',
      'x-missing': `write apiVersion: ${apiVersion}`,
    },
    kind: {
      type: 'string',
      title: 'Kind',
      description: 'What the document is: Window.',
      const: 'Window',
      'x-code': 'SG1304',
      'x-missing': 'write kind: Window',
    },
    metadata: {
      type: 'object',
      title: 'What it is called',
      description: 'The name by which policies know it.',
      additionalProperties: false,
      required: ['name'],
      properties: {
        name: {
          ...nameSchema,
          title: 'Name',
          description: 'Unique among the windows.',
          'x-more': 'Policies name it in `rules[].window`.',
          examples: ['north-sea-nights'],
        },
        annotations: {
          type: 'object',
          title: 'Annotations',
          description: 'Free text for people.',
          maxProperties: 50,
          additionalProperties: { type: 'string', maxLength: 1024 },
          default: {},
          examples: [{ owner: 'marine-ops' }],
        },
      },
    },
    spec: specSchema,
  },
  examples: [
    {
      apiVersion,
      kind: 'Window',
      metadata: { name: 'north-sea-nights' },
      spec: {
        timeZone: 'Europe/Oslo',
        open: [
          { start: '0 22 * * FRI', duration: '6h' },
          { from: '2026-12-01T08:00', to: '2026-12-01T10:00' },
        ],
        closed: [{ from: '2026-12-20T00:00', to: '2027-01-03T00:00', reason: 'holidays' }],
        cutoff: '15m',
      },
    },
  ],
};
