/** The columns of a benchmark: the one place where their names, units and directions are. */
export interface MetricDescription {
  label: string;
  /** Heading in a narrow table. */
  column: string;
  unit: string;
  better: 'higher' | 'lower';
  digits: number;
}

export const metrics = {
  imagesPerSecond: {label: 'training', column: 'images/s', unit: 'images/s', better: 'higher', digits: 1},
  criticMs: {label: 'critic step', column: 'critic ms', unit: 'ms', better: 'lower', digits: 1},
  criticP95Ms: {label: 'critic p95', column: 'p95', unit: 'ms', better: 'lower', digits: 1},
  generatorMs: {label: 'generator step', column: 'generator ms', unit: 'ms', better: 'lower', digits: 1},
  generatorP95Ms: {label: 'generator p95', column: 'p95', unit: 'ms', better: 'lower', digits: 1},
  samplesPerSecond: {label: 'sampling', column: 'sampling/s', unit: 'images/s', better: 'higher', digits: 1},
  firstStepMs: {label: 'first step', column: 'first ms', unit: 'ms', better: 'lower', digits: 0},
  peakMb: {label: 'peak memory', column: 'peak MB', unit: 'MB', better: 'lower', digits: 0},
  tensorMb: {label: 'tensors', column: 'tensors MB', unit: 'MB', better: 'lower', digits: 1},
  convGflops: {label: 'convolutions', column: 'conv GFLOP/s', unit: 'GFLOP/s', better: 'higher', digits: 1},
  matmulGflops: {label: 'matrix products', column: 'matmul GFLOP/s', unit: 'GFLOP/s', better: 'higher', digits: 1},
  deviation: {label: 'deviation', column: 'deviation', unit: '', better: 'lower', digits: -1},
} as const satisfies Record<string, MetricDescription>;

export type MetricName = keyof typeof metrics;
export const metricNames = Object.keys(metrics) as MetricName[];

/** A number as it is shown: digits below 0 mean powers of ten. */
export function metricText(name: MetricName, value: number): string {
  const {digits}: MetricDescription = metrics[name];
  if (digits < 0 && value === 0) return '0';
  return digits < 0 ? value.toExponential(1) : value.toFixed(digits);
}
