import type {Curve} from './read-run.js';

/** A curve as it is drawn: no more points than a wide screen has columns. */
export interface PlotPoint {
  step: number;
  mean: number;
  low: number;
  high: number;
}

/** A line of a plot, with the range of what it is the mean of as a band behind it. */
export interface PlotLine {
  label: string;
  /** Name of the CSS variable of its colour. */
  colour: string;
  line: Curve;
  band?: Curve;
}

/** Mean, smallest and largest value of each of at most `columns` equal ranges of steps; empty ranges are left out. */
export function thin({steps, values, of}: Curve, columns = 600): PlotPoint[] {
  const [first = 0, last = 0] = [steps[0], steps.at(-1)];
  const width = Math.max(1, (last - first + 1) / columns);
  const points: (PlotPoint & {column: number; count: number})[] = [];
  steps.forEach((step, i) => {
    const value = values[i]!;
    const column = Math.floor((step - first) / width);
    const point = points.at(-1);
    const {count, low, high} = of?.[i] ?? {count: 1, low: value, high: value};
    if (point?.column !== column) points.push({column, count, step, mean: value, low, high});
    else {
      point.count += count;
      point.step = step;
      point.mean += ((value - point.mean) * count) / point.count;
      point.low = Math.min(point.low, low);
      point.high = Math.max(point.high, high);
    }
  });
  return points.map(({step, mean, low, high}) => ({step, mean, low, high}));
}

/** Round numbers from `low` to `high`, about `count` of them: 1, 2 or 5 times a power of ten apart. */
export function ticks(low: number, high: number, count: number): number[] {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const distance = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * (1 - 1e-9))!;
  const from = Math.ceil(low / distance - 1e-9);
  return Array.from({length: Math.max(0, Math.floor(high / distance + 1e-9) - from + 1)}, (_, i) =>
    Number(((from + i) * distance).toPrecision(12)),
  );
}

/**
 * The range of values to draw: all points of the lines, and the points of the bands that are not outliers, with a
 * margin.
 */
export function valueRange(lines: readonly {line: PlotPoint[]; band: PlotPoint[]}[]): [low: number, high: number] {
  const means = lines.flatMap(({line}) => line.map(({mean}) => mean));
  const edges = lines.flatMap(({band}) => band.flatMap(({low, high}) => [low, high])).sort((a, b) => a - b);
  const inner = edges.slice(Math.floor(edges.length * 0.02), Math.ceil(edges.length * 0.98));
  const ends = [inner[0], inner.at(-1)].filter((end) => end !== undefined);
  const low = [...means, ...ends].reduce((a, b) => Math.min(a, b), Infinity);
  const high = [...means, ...ends].reduce((a, b) => Math.max(a, b), -Infinity);
  const room = high > low ? 0.04 * (high - low) : Math.abs(high) * 0.1 || 1;
  return [low - room, high + room];
}
