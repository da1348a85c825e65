/** What an expression of PromQL reads: enough of the language to see that it asks for what there is. promtool knows the rest. */

export interface Matcher {
  readonly label: string;
  readonly operator: string;
  readonly value: string;
}

export interface Selector {
  readonly name: string;
  readonly matchers: readonly Matcher[];
  /** Whether it is a range: `x[5m]`. */
  readonly isRange: boolean;
  /** Functions and aggregations around it, the innermost last. */
  readonly inside: readonly string[];
}

export interface Expression {
  readonly selectors: readonly Selector[];
  /** Labels of `by`, `without`, `on` and `ignoring`. */
  readonly grouped: readonly string[];
}

const aggregations = new Set(['sum', 'min', 'max', 'avg', 'count', 'group', 'topk', 'bottomk', 'quantile']);
const listing = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const operators = new Set(['and', 'or', 'unless', 'offset', 'bool']);

const token = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\[[^\]]*\]|[a-zA-Z_:][\w:]*|[0-9][\w.]*|[=!]~|[=!<>]=|\S/g;

/** Reads an expression. Throws where it is none that is understood here. */
export function readExpression(text: string): Expression {
  const tokens = text.match(token) ?? [];
  const selectors: Selector[] = [];
  const grouped: string[] = [];
  const inside: string[] = [];
  let pending = '';
  let at = 0;
  const readList = (close: string): string[] => {
    const from = at;
    while (tokens[at] !== close) {
      if (at >= tokens.length) throw new Error(`${close} is missing: ${text}`);
      at += 1;
    }
    at += 1;
    return tokens.slice(from, at - 1);
  };
  while (at < tokens.length) {
    const one = tokens[at] ?? '';
    const next = tokens[at + 1];
    at += 1;
    if (one === '(') {
      inside.push(pending);
      pending = '';
    } else if (one === ')') {
      if (inside.pop() === undefined) throw new Error(`) without (: ${text}`);
    } else if (!/^[a-zA-Z_:]/.test(one) || operators.has(one)) {
    } else if (listing.has(one)) {
      if (next !== '(') throw new Error(`${one} without a list: ${text}`);
      at += 1;
      grouped.push(...readList(')').filter((word) => word !== ','));
    } else if (next === '(' || aggregations.has(one)) {
      pending = one;
    } else {
      const matchers = next === '{' ? readMatchers() : [];
      const isRange = tokens[at]?.startsWith('[') === true;
      selectors.push({ name: one, matchers, isRange, inside: inside.filter((word) => word !== '') });
    }
  }
  if (inside.length > 0) throw new Error(`( without ): ${text}`);
  return { selectors, grouped };

  function readMatchers(): Matcher[] {
    at += 1;
    const words = readList('}').filter((word) => word !== ',');
    const matchers: Matcher[] = [];
    for (let index = 0; index < words.length; index += 3) {
      const [label = '', operator = '', quoted = ''] = words.slice(index, index + 3);
      if (!/^[=!][=~]$|^=$/.test(operator) || !/^["']/.test(quoted)) {
        throw new Error(`no matcher: ${label}${operator}${quoted}`);
      }
      matchers.push({ label, operator, value: quoted.slice(1, -1) });
    }
    return matchers;
  }
}
