import { describe, expect, test } from 'vitest';
import { collectDesired, type SourceFile } from '../../src/manifest/collect.ts';
import { parseManifestFile } from '../../src/manifest/parse.ts';
import { buildRequest } from '../../src/manifest/request.ts';

const limits = { fileBytes: 65_536, documentsPerFile: 100, depth: 32 };

function manifest(name: string, spec = ''): string {
  return `apiVersion: snowgate/v1
kind: Task
metadata: {name: ${name}}
spec: {fleet: lab, command: reboot, targets: [smd-b, smd-a]${spec}}
`;
}

function file(path: string, text: string): SourceFile {
  return { path, blob: `blob of ${path}`, parsed: parseManifestFile(new TextEncoder().encode(text), limits) };
}

describe('the files of a tree', () => {
  test('give each task with its place', () => {
    const desired = collectDesired([file('a.yaml', `${manifest('one')}---\n${manifest('two')}`)]);
    expect([...desired.tasks.keys()]).toEqual(['lab/one', 'lab/two']);
    expect(desired.tasks.get('lab/two')).toMatchObject({ path: 'a.yaml', blob: 'blob of a.yaml', line: 6 });
    expect(desired).toMatchObject({ problems: [], frozen: new Set(), quarantined: new Map() });
  });

  test('bearing one name twice want neither, and name both', () => {
    const desired = collectDesired([file('b.yaml', manifest('one')), file('a.yaml', manifest('one'))]);
    expect(desired.tasks.size).toBe(0);
    expect(desired.frozen).toEqual(new Set(['lab/one']));
    expect(desired.problems.map(({ code, place, message }) => [code, place.path, message])).toEqual([
      ['SG1301', 'a.yaml', 'lab/one is also named at b.yaml:1; neither is issued'],
      ['SG1301', 'b.yaml', 'lab/one is also named at a.yaml:1; neither is issued'],
    ]);
  });

  test('bearing one name well and once badly want it not, and freeze it', () => {
    const desired = collectDesired([
      file('a.yaml', manifest('one')),
      file('b.yaml', manifest('one', ', run: 0')),
    ]);
    expect(desired.tasks.size).toBe(0);
    expect(desired.frozen).toEqual(new Set(['lab/one']));
  });

  test('that cannot be read are quarantined, and the others wanted', () => {
    const desired = collectDesired([file('a.yaml', 'x: ['), file('b.yaml', manifest('one'))]);
    expect([...desired.tasks.keys()]).toEqual(['lab/one']);
    expect([...desired.quarantined.keys()]).toEqual(['a.yaml']);
    expect(desired.problems).toMatchObject([{ code: 'SG1006', place: { path: 'a.yaml', line: 1 } }]);
  });
});

test('the request is the revision and the tags by which it is found again', () => {
  const task = collectDesired([file('a.yaml', manifest('one', ', tags: {owner: me}'))]).tasks.get('lab/one');
  if (task === undefined) throw new Error('the manifest is good');
  expect(buildRequest(task.manifest, { commit: 'c'.repeat(40), ledgerId: 'uuid' })).toEqual({
    clientToken: task.manifest.token,
    command: 'reboot',
    targets: ['smd-a', 'smd-b'],
    tags: {
      owner: 'me',
      'snowgate:revision': task.manifest.token,
      'snowgate:task': 'lab/one',
      'snowgate:commit': 'c'.repeat(40),
      'snowgate:ledger': 'uuid',
    },
  });
});
