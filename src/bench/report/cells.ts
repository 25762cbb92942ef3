import {metricNames, metricText, metrics, type MetricName} from '../metrics.js';
import type {BenchRow, MeasuredRow, Spread} from '../types.js';

/** The metrics that at least one backend has, in their order. */
export const columnsOf = (rows: readonly BenchRow[]): MetricName[] =>
  metricNames.filter((name) => rows.some((row) => row.ok && row.metrics[name]));

export const columnTitle = (name: MetricName): string =>
  `${metrics[name].label}${metrics[name].unit === '' ? '' : ` ${metrics[name].unit}`}`;

/** `45.2 ±3%`: the median, and half of the middle half where there is one; `-` for what was not measured. */
export function cell(name: MetricName, spread: Spread | undefined): string {
  if (!spread) return '-';
  const {median, low, high} = spread;
  const percent = median === 0 ? 0 : ((high - low) / 2 / median) * 100;
  return `${metricText(name, median)}${percent >= 0.5 ? ` ±${percent.toFixed(0)}%` : ''}`;
}

/** Facts that a device tells of itself. */
export const infoText = ({info}: MeasuredRow): string =>
  Object.entries(info)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');

/** A line about the shapes that dominate. */
export const shapeLines = ({shapes}: MeasuredRow): string[] =>
  shapes.map(
    ({shape, share, gflops}) =>
      `${gflops.median.toPrecision(3)} GFLOP/s  ${(share * 100).toFixed(0)} % of the work  ${shape}`,
  );
