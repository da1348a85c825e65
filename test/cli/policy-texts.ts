/** Windows and policies as people write them, for tests that need some. */

/** A window in UTC with entries under `open`. */
export function windowText(name: string, ...open: readonly string[]): string {
  const lines = open.map((entry) => `    - ${entry}\n`).join('');
  return `apiVersion: snowgate/v1\nkind: Window\nmetadata: {name: ${name}}\nspec:\n  timeZone: UTC\n  open:\n${lines}`;
}

/** A policy with rules, each as YAML writes a map in one line; the first begins at 6:6. */
export function policyText(name: string, rules = '{name: r, require: "true"}', match = '{}'): string {
  return `apiVersion: snowgate/v1\nkind: Policy\nmetadata: {name: ${name}}\nspec:\n  rules:\n    [${rules}]\n  match: ${match}\n`;
}
