import {GanError} from '../../errors.js';
import {didYouMean} from '../../options/nearest.js';
import {metricNames, metricText, metrics, type MetricName} from '../metrics.js';
import type {BenchResult} from '../types.js';

/** A least value of a metric, of one backend or of all. */
export interface Floor {
  backend?: string;
  metric: MetricName;
  value: number;
}

const floorNames = metricNames.filter((name) => metrics[name].better === 'higher');

/**
 * `imagesPerSecond=20`, or `wasm.imagesPerSecond=20`.
 * @throws GanError GAN_USAGE for other names, and for metrics where lower is better
 */
export function parseFloor(text: string): Floor {
  const [, backend, name = '', number = ''] = /^(?:([^.=]+)\.)?([^.=]+)=(.+)$/.exec(text) ?? [];
  const metric = floorNames.find((each) => each === name);
  const value = Number(number);
  if (metric !== undefined && Number.isFinite(value)) return {metric, value, ...(backend !== undefined && {backend})};
  const meant = didYouMean(name, floorNames);
  throw new GanError('usage', 'GAN_USAGE', `--floor ${text}: expected NAME=NUMBER or BACKEND.NAME=NUMBER`, {
    suggestions: [...(meant === undefined ? [] : [`Did you mean ${meant}?`]), `Names: ${floorNames.join(', ')}.`],
  });
}

/** Returns one line for each value below its floor. A backend that was not measured is below each of its floors. */
export function belowFloors({rows}: BenchResult, floors: readonly Floor[]): string[] {
  return floors.flatMap(({backend, metric, value}) => {
    const concerned =
      backend === undefined ? rows.filter((row) => row.ok) : rows.filter((row) => row.backend === backend);
    if (concerned.length === 0)
      return [`${backend ?? 'every backend'}: ${metric} was not measured; the floor is ${value}`];
    return concerned.flatMap((row) => {
      const got = row.ok ? row.metrics[metric]?.median : undefined;
      if (got === undefined) return [`${row.backend}: ${metric} was not measured; the floor is ${value}`];
      return got < value
        ? [`${row.backend}: ${metric} is ${metricText(metric, got)}, below the floor of ${value}`]
        : [];
    });
  });
}
