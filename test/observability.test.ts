/** The alerts, their runbooks, and the dashboard ask for metrics that there are. Where promtool is at hand it has the last word. */
import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { turnMaxMs } from '../src/http/health.ts';
import { Metrics } from '../src/http/metrics.ts';
import { blocksOf, readPage, sectionOf } from './docs/page.ts';
import { findProgram } from './git/program.ts';
import { Watched } from './http/watched.ts';
import { findMetric, findMistakes, listKnown } from './observability/known.ts';
import { readExpression } from './observability/promql.ts';
import { anchorOf } from './publish/anchors.ts';

const folder = fileURLToPath(new URL('../examples/observability/', import.meta.url));
const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
const known = await listKnown();

interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

const { groups } = parse(read('prometheus-rules.yaml')) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules).map((alert) => [alert.alert, alert] as const);
const names = alerts.map(([name]) => name);

describe('the alerts', () => {
  it.each(alerts)('ask for what there is: %s', (_name, { expr }) => {
    expect(findMistakes(expr, known)).toEqual([]);
  });

  it.each(alerts)(
    'say how urgent it is, what has happened, what to do, and where more stands: %s',
    (name, alert) => {
      expect(name).toMatch(/^Snowgate[A-Z]/);
      expect(Object.keys(alert.labels)).toEqual(['severity']);
      expect(alert.labels.severity).toMatch(/^(critical|warning|info)$/);
      expect(alert.annotations.summary).not.toBe('');
      expect(alert.annotations.description).toMatch(
        new RegExp(`\\. docs/OPERATIONS\\.md#${anchorOf(name)}$`),
      );
    },
  );

  it.each(alerts)('name only labels that are left: %s', (_name, { expr, annotations }) => {
    const { selectors, grouped } = readExpression(expr);
    const own = selectors.flatMap(({ name }) => Object.keys(findMetric(name, known)?.labels ?? {}));
    const left = /\bby \(/.test(expr) ? grouped : ['job', 'instance', ...own];
    const used = [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);
    expect(used.filter((label) => !left.includes(label))).toEqual([]);
  });

  it('are told once each', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(20);
  });

  it('tell of a loop that stands still before it is restarted', () => {
    const stuck = alerts.find(([name]) => name === 'SnowgateLoopStuck')?.[1];
    const [, seconds = ''] = /> (\d+)$/.exec(stuck?.expr ?? '') ?? [];
    expect(Number(seconds)).toBeLessThan(turnMaxMs / 1_000);
    expect(Number(seconds)).toBeGreaterThan(turnMaxMs / 2_000);
  });

  it('are each tried: when they fire, and when they do not', () => {
    const { tests } = parse(read('prometheus-rules.test.yaml')) as {
      tests: { promql_expr_test?: { expr: string; exp_samples: unknown[] }[] }[];
    };
    const tried = tests.flatMap((test) => test.promql_expr_test ?? []);
    const lacking = names.flatMap((name) => {
      const own = tried.filter(({ expr }) => expr === `ALERTS{alertname="${name}", alertstate="firing"}`);
      return ['fires', 'does not'].filter(
        (what) => !own.some(({ exp_samples }) => exp_samples.length > 0 === (what === 'fires')),
      );
    });
    expect(lacking).toEqual([]);
  });
});

describe('the runbooks', () => {
  const section = sectionOf(readPage('docs/OPERATIONS.md'), 'Alerts');

  it('are one for each alert, in the order of the rules', () => {
    const headings = [...section.matchAll(/^### (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(names);
    for (const name of names) expect(sectionOf(section, name).trim().length).toBeGreaterThan(60);
  });

  it('silence only alerts that there are', () => {
    const [block] = blocksOf(section).filter(({ language }) => language === 'yaml');
    const named = block?.text.match(/Snowgate\w+/g) ?? [];
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !names.includes(name))).toEqual([]);
    expect(() => parse(block?.text ?? '')).not.toThrow();
  });
});

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat: string;
  }[];
}

interface Dashboard {
  readonly schemaVersion: number;
  readonly templating: { readonly list: readonly { name: string; type: string; definition?: string }[] };
  readonly panels: readonly Panel[];
}

const dashboard = JSON.parse(read('grafana-dashboard.json')) as Dashboard;
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

describe('the dashboard', () => {
  it('has rows, and panels with ids of their own', () => {
    expect(dashboard.schemaVersion).toBeGreaterThanOrEqual(39);
    const rows = dashboard.panels.filter(({ type }) => type === 'row').map(({ title }) => title);
    expect(rows).toEqual(['Now', 'Tasks', 'AWS', 'Git', 'HTTP', 'Process']);
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
  });

  it('has no panel upon another, and none beyond the edge', () => {
    const placed = dashboard.panels.map(({ gridPos }) => gridPos);
    expect(placed.filter(({ x, w }) => x + w > 24)).toEqual([]);
    const overlap = placed.filter((a, index) =>
      placed
        .slice(index + 1)
        .some((b) => a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h),
    );
    expect(overlap).toEqual([]);
  });

  it.each(panels.map((panel) => [panel.title, panel] as const))(
    'shows what there is: %s',
    (_title, panel) => {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana's own.
      expect(panel.datasource?.uid).toBe('${datasource}');
      const targets = panel.targets ?? [];
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      for (const { expr, legendFormat } of targets) {
        expect([expr, findMistakes(expr, known)]).toEqual([expr, []]);
        const { grouped } = readExpression(expr);
        const shown = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
        expect([expr, shown.filter((label) => !grouped.includes(label))]).toEqual([expr, []]);
      }
    },
  );

  it('chooses data source, job, instance and fleet', () => {
    const { list } = dashboard.templating;
    expect(list.map(({ name }) => name)).toEqual(['datasource', 'job', 'instance', 'fleet']);
    expect(list[0]?.type).toBe('datasource');
    for (const { definition = '' } of list.slice(1)) {
      const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(definition) ?? [];
      const [{ name = '' } = {}] = readExpression(selector).selectors;
      expect(findMistakes(selector, known)).toEqual([]);
      expect(['job', 'instance', ...Object.keys(findMetric(name, known)?.labels ?? {})]).toContain(label);
    }
  });
});

describe('the documentation', () => {
  const docs = fileURLToPath(new URL('../docs/', import.meta.url));
  const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path}`);

  it.each(['README.md', ...pages])('names only metrics that there are: %s', (path) => {
    const named = readPage(path).match(/\b(?:snowgate|nodejs|process)_[a-z_0-9]+(?<!_)\b/g) ?? [];
    const missing = named.filter((name) => known.get(name) === undefined && findMetric(name, known) === null);
    expect(missing).toEqual([]);
  });
});

describe('the checker', () => {
  it.each([
    ['snowgate_redy == 0', ['snowgate_redy is not there']],
    ['snowgate_ready{fleet="a"} == 0', ['snowgate_ready has no label fleet']],
    ['snowgate_receipts{state="inDoubts"} > 0', ['snowgate_receipts has no state inDoubts']],
    ['snowgate_tasks{action=~"deny|blockd"}', ['snowgate_tasks has no action blockd']],
    ['sum by (code) (snowgate_ready)', ['no label code']],
    ['rate(snowgate_ready[5m])', ['snowgate_ready is a gauge, and rate is for counters']],
    ['snowgate_fetches_total > 1', ['snowgate_fetches_total is a counter without rate or increase']],
    ['rate(snowgate_fetches_total)', ['snowgate_fetches_total is no range where it must not be']],
    ['snowgate_ready[5m]', ['snowgate_ready is a range where it must not be']],
    ['snowgate_pass_duration_seconds', ['snowgate_pass_duration_seconds is not there']],
    [
      'histogram_quantile(0.9, sum(rate(snowgate_pass_duration_seconds_bucket[5m])))',
      ['snowgate_pass_duration_seconds_bucket loses le'],
    ],
    [
      'sum by (le) (rate(snowgate_pass_duration_seconds_bucket[5m]))',
      ['snowgate_pass_duration_seconds_bucket and histogram_quantile do not fit'],
    ],
    ['1 > 0', ['it asks for nothing']],
    ['sum by (instance) (increase(snowgate_passes_total{result="bug"}[5m])) > 0 and up == 1', []],
  ])('sees what is wrong: %s', (expr, mistakes) => {
    expect(findMistakes(expr, known)).toEqual(mistakes);
  });
});

const promtool = findProgram('promtool', 'prometheus');

describe.skipIf(promtool === null)('promtool', () => {
  /** Its output where it ends with an error; else nothing. */
  function run(argv: readonly string[], input = ''): Promise<string> {
    return new Promise((resolve) => {
      const child = execFile(promtool ?? '', argv, (error, stdout, stderr) => {
        resolve(error === null ? '' : `${stdout}${stderr}${error.message}`);
      });
      child.stdin?.end(input);
    });
  }

  async function inFolder<T>(act: (dir: string) => Promise<T>): Promise<T> {
    const dir = mkdtempSync(join(tmpdir(), 'snowgate-observability-'));
    try {
      return await act(dir);
    } finally {
      rmSync(dir, { recursive: true });
    }
  }

  it('takes the rules', async () => {
    expect(await run(['check', 'rules', join(folder, 'prometheus-rules.yaml')])).toBe('');
  });

  // A day in steps of five minutes, several times over.
  it('sees each alert fire, and not', { timeout: 300_000 }, async () => {
    expect(await run(['test', 'rules', join(folder, 'prometheus-rules.test.yaml')])).toBe('');
  });

  it('takes the configuration, with its rules and a token beside it', async () => {
    const said = await inFolder(async (dir) => {
      for (const file of ['prometheus.yaml', 'prometheus-rules.yaml']) {
        copyFileSync(join(folder, file), join(dir, file));
      }
      writeFileSync(join(dir, 'snowgate-token'), 'a-token-of-the-tests\n');
      return run(['check', 'config', join(dir, 'prometheus.yaml')]);
    });
    expect(said).toBe('');
  });

  it('takes the expressions of the dashboard', async () => {
    const rules = panels.flatMap(({ id, targets = [] }) =>
      targets.map(({ refId, expr }) => ({
        record: `panel_${id}_${refId.toLowerCase()}`,
        expr: expr.replaceAll('$__rate_interval', '5m'),
      })),
    );
    const said = await inFolder(async (dir) => {
      const file = join(dir, 'dashboard.yaml');
      writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
      return run(['check', 'rules', file]);
    });
    expect(said).toBe('');
  });

  it('finds nothing to say against the names and words of the metrics', async () => {
    const watched = new Watched();
    await watched.pass();
    const text = await new Metrics('1.2.3').write(watched.status());
    // The default metrics are prom-client's to name.
    const own = text.split('\n').filter((line) => line.includes('snowgate_'));
    expect(await run(['check', 'metrics'], `${own.join('\n')}\n`)).toBe('');
  });
});
