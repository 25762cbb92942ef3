import {markup, number, type Content, type Html} from './html.js';
import {thin, ticks, valueRange, type PlotLine, type PlotPoint} from './plot.js';

/** Few, so that each has some steps to be the range of. */
const bandColumns = 80;

/** Steps that a chart points out; without `to` up to its end. */
export interface Mark {
  what: string;
  from: number;
  to?: number | undefined;
}

/**
 * A chart of curves over steps as HTML. The SVG is stretched to the width that there is; labels are text beside it and
 * keep their size. The points are in the element for the script, which reads them out where the pointer or the arrow
 * keys are.
 */
export function chart(
  title: string,
  note: string,
  lines: readonly PlotLine[],
  {height = 280, marks = []}: {height?: number; marks?: readonly Mark[]} = {},
): Content {
  const drawn = lines
    .map(({label, colour, line, band}) => ({
      label,
      colour,
      line: thin(line),
      band: band ? thin(band, bandColumns) : [],
    }))
    .filter(({line}) => line.length > 0);
  if (drawn.length === 0) return undefined;
  const steps = drawn.flatMap(({line}) => [line[0]!.step, line.at(-1)!.step]);
  const [first, last] = [Math.min(...steps), Math.max(...steps)];
  const [low, high] = valueRange(drawn);
  const x = (step: number): number => (last > first ? ((step - first) / (last - first)) * 100 : 50);
  const y = (value: number): number => 100 - (100 * (Math.min(high, Math.max(low, value)) - low)) / (high - low);
  const rows = ticks(low, high, 5);
  const columns = last > first ? ticks(first, last, 5) : [first];
  const points = drawn.map(({label, line}) => ({
    label,
    steps: line.map(({step}) => step),
    values: line.map(({mean}) => Number(mean.toPrecision(5))),
  }));
  const told = points
    .map(
      ({label, values, steps}) =>
        `${label}: from ${number(values[0]!)} at step ${steps[0]} to ${number(values.at(-1)!)} at step ${steps.at(-1)}`,
    )
    .join('; ');
  return markup`<figure class="chart">
<figcaption><h3>${title}</h3><p>${note}</p></figcaption>
<ul class="legend">${drawn.map(({label, colour}, i) => markup`<li><i style="background:var(--${colour})"></i>${label} <b data-value="${i}">${number(points[i]!.values.at(-1)!)}</b></li>`)}<li class="at">step <b data-step>${last}</b></li></ul>
<div class="plot" style="height:${height}px">
${rows.map((value) => markup`<span class="y" style="top:${y(value).toFixed(2)}%">${number(value)}</span>`)}
<div class="area" tabindex="0" role="img" aria-label="${title}. ${told}." data-first="${first}" data-last="${last}" data-points="${JSON.stringify(points)}">
<svg viewBox="0 0 100 100" preserveAspectRatio="none" aria-hidden="true">
${rows.map((value) => markup`<path class="grid" d="M0 ${y(value).toFixed(2)}H100"/>`)}
${drawn.map(({colour, band}) => (band.length > 1 ? markup`<path class="band" style="fill:var(--${colour})" d="${bandPath(band, x, y)}"/>` : undefined))}
${drawn.map(({colour, line}) => markup`<path class="line" style="stroke:var(--${colour})" d="${linePath(line, x, y)}"/>`)}
</svg>${marks.map((mark) => markOf(mark, first, last))}<i class="cursor" hidden></i></div>
${columns.map((step) => markup`<span class="x" style="left:${x(step).toFixed(2)}%">${step}</span>`)}
</div>
</figure>`;
}

function markOf({what, from, to = Infinity}: Mark, first: number, last: number): Html {
  const x = (step: number): number =>
    (100 * (Math.min(last, Math.max(first, step)) - first)) / Math.max(1, last - first);
  return markup`<i class="mark" title="${what}" style="left:${x(from).toFixed(2)}%;right:${(100 - x(to)).toFixed(2)}%"></i>`;
}

type Scale = (value: number) => number;
const at = (x: number, y: number): string => `${x.toFixed(2)} ${y.toFixed(2)}`;

function linePath(points: readonly PlotPoint[], x: Scale, y: Scale): string {
  const [only] = points;
  if (points.length === 1) return `M${at(x(only!.step) - 0.5, y(only!.mean))}h1`;
  return `M${points.map(({step, mean}) => at(x(step), y(mean))).join('L')}`;
}

function bandPath(points: readonly PlotPoint[], x: Scale, y: Scale): string {
  const above = points.map(({step, high}) => at(x(step), y(high)));
  const below = points.map(({step, low}) => at(x(step), y(low))).reverse();
  return `M${[...above, ...below].join('L')}Z`;
}
