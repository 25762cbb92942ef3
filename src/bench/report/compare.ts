import {GanError, messageOf} from '../../errors.js';
import {readRegular} from '../../gan/io/read-file.js';
import {
  anything,
  boolean,
  either,
  JsonError,
  list,
  number,
  object,
  optional,
  parseJson,
  record,
  text,
} from '../../options/json.js';
import {metricNames, metricText, type MetricName} from '../metrics.js';
import type {BenchResult} from '../types.js';

/** How a metric of a backend changed. */
export interface Change {
  backend: string;
  metric: MetricName;
  before: number;
  after: number;
  /** True if the interquartile ranges of the two measurements do not overlap, so the change is more than noise. */
  clear: boolean;
}

export interface Comparison {
  changes: Change[];
  /** Why the two are not the same measurement. */
  differences: string[];
}

/** @throws GanError GAN_BENCH_FILE when the file is not what `gan bench --json` printed */
export async function readBench(file: string): Promise<BenchResult> {
  const refuse = (why: string, cause?: unknown) =>
    new GanError('data', 'GAN_BENCH_FILE', `${file} cannot be used for a comparison: ${why}.`, {
      suggestions: ['gan bench --json > old.json'],
      ...(cause !== undefined && {cause}),
    });
  try {
    const bytes = await readRegular(file, mostBytes);
    if (!bytes) throw new JsonError('does not exist');
    const result = parseJson(bytes.toString());
    checkResult(result, '');
    return result as BenchResult;
  } catch (error) {
    throw refuse(error instanceof JsonError ? `it ${error.message}` : messageOf(error), error);
  }
}

/** Larger than any result, in bytes. */
const mostBytes = 64 << 20;

/** What a comparison reads of a result. */
const checkResult = object({
  environment: record(either<string | number>(text, number)),
  job: object({config: record(anything), steps: number}),
  rows: list(
    object({
      backend: text,
      ok: boolean,
      metrics: optional(record(object({median: number, low: number, high: number}))),
    }),
  ),
});

export function changes(before: BenchResult, after: BenchResult): Change[] {
  return after.rows.flatMap((row) => {
    const old = before.rows.find(({backend}) => backend === row.backend);
    if (!row.ok || !old?.ok) return [];
    return metricNames.flatMap((metric): Change[] => {
      const [was, is] = [old.metrics?.[metric], row.metrics[metric]];
      if (!was || !is) return [];
      return [
        {
          backend: row.backend,
          metric,
          before: was.median,
          after: is.median,
          clear: is.low > was.high || is.high < was.low,
        },
      ];
    });
  });
}

/** The parts of the environment and of the job that differ, which make the two results incomparable. */
export function differences(before: BenchResult, after: BenchResult): string[] {
  const facts = ({environment, job}: BenchResult): Record<string, unknown> => {
    const {commit: _, ...rest} = environment;
    return {...rest, ...job.config, steps: job.steps};
  };
  const [old, now] = [facts(before), facts(after)];
  return Object.keys({...old, ...now})
    .filter((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]))
    .map((key) => `${key}: ${JSON.stringify(old[key])} before, ${JSON.stringify(now[key])} now`);
}

/** A table's rows: backend, metric, before, after, change. */
export function changeRows(all: readonly Change[]): string[][] {
  return all.map(({backend, metric, before, after, clear}) => {
    const percent = before === 0 ? '' : `${after >= before ? '+' : ''}${((after / before - 1) * 100).toFixed(1)} %`;
    return [
      backend,
      metric,
      metricText(metric, before),
      metricText(metric, after),
      percent,
      clear ? '' : 'within the scatter',
    ];
  });
}
