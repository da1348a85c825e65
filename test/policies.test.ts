/** The library of policies: what is copied must load, and be proved. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from './cli/terminal.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const files = readdirSync(`${root}policies`).filter((name) => name.endsWith('.yaml'));
const policies = files.filter((name) => !name.endsWith('.test.yaml'));

describe('policies/', () => {
  it('loads as one set, without a word', async () => {
    const { exit, stdout, stderr } = await run(['validate', 'policies'], { cwd: root });
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout).toContain(': no problems');
  });

  it('is proved: every case passes, and every rule has been seen to hold and not to', async () => {
    const argv = ['policy', 'test', '--require-proof', '--format', 'json'];
    const { exit, stdout } = await run(argv, { cwd: root });
    expect([exit, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ failed: 0 })]);
  });

  it.each(policies)('%s says for whom it is, has tests of its own, and stands in the list', (name) => {
    expect(readFileSync(`${root}policies/${name}`, 'utf8')).toMatch(/^# For /);
    expect(files).toContain(name.replace(/\.yaml$/, '.test.yaml'));
    expect(readFileSync(`${root}policies/README.md`, 'utf8')).toContain(`| \`${name}\` |`);
  });
});
