import uPlot from 'uplot';
import type {Found, Points} from '../protocol.js';
import {h, keyed, set, write} from './dom.js';
import {number, title} from './format.js';
import {nearest} from './nearest.js';
import type {Store} from './store.js';

export interface Line {
  run: string;
  points: Points;
  /** Marked in the chart. */
  findings: readonly Found[];
}

const height = 220;
const css = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * A chart of one quantity over steps, one line a run. By keyboard: the arrows move along the steps, + and - zoom, 0
 * shows all; with the mouse, dragging zooms and a double click shows all.
 */
export class CurvePanel {
  readonly element: HTMLElement;
  readonly #title: string;
  readonly #store: Store;
  readonly #chart = h('div', {class: 'chart', tabindex: 0, role: 'application', 'aria-roledescription': 'chart'});
  readonly #legend = h('ul', {class: 'legend'});
  readonly #at = h('span', {class: 'at'});
  #plot: uPlot | undefined;
  #lines: Line[] = [];
  /** The steps that the plot shows now; undefined: all. */
  #zoom: [number, number] | undefined;

  constructor(name: string, store: Store) {
    this.#title = name;
    this.#store = store;
    this.element = h('article', {class: 'panel'}, h('h3', {}, name, this.#at), this.#chart, this.#legend);
    this.#chart.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.#plot?.setSize(this.#size())).observe(this.#chart);
  }

  show(lines: Line[]): void {
    const same = lines.length === this.#lines.length && lines.every(({run}, i) => run === this.#lines[i]!.run);
    this.#lines = lines;
    const data = join(lines);
    if (this.#plot && same) this.#plot.setData(data, false);
    else this.#make(data);
    this.#fit();
    this.#tell();
  }

  /** Redraws with the colours of the other scheme. */
  redraw(): void {
    this.#make(join(this.#lines));
    this.#fit();
  }

  #make(data: uPlot.AlignedData): void {
    this.#plot?.destroy();
    const axis: uPlot.Axis = {
      stroke: css('--muted'),
      grid: {stroke: css('--line'), width: 1},
      ticks: {stroke: css('--line'), width: 1, size: 4},
      font: '12px system-ui, sans-serif',
    };
    this.#plot = new uPlot(
      {
        ...this.#size(),
        padding: [10, 10, 0, 0],
        legend: {show: false},
        cursor: {points: {size: 7}, drag: {x: true, y: false}, y: false},
        scales: {x: {time: false}},
        axes: [
          {...axis, size: 28, values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? String(tick) : ''))},
          {...axis, size: 56, values: (_, ticks) => ticks.map(number)},
        ],
        series: [
          {},
          ...this.#lines.toReversed().map(({run}) => ({
            stroke: css(`--run-${this.#store.colour(run) ?? 0}`),
            width: 1.75,
            spanGaps: true,
            points: {show: false},
          })),
        ],
        hooks: {
          drawClear: [(plot) => this.#mark(plot)],
          setCursor: [() => this.#tell()],
          setSelect: [
            ({select, posToVal}) => {
              if (select.width > 0)
                this.#zoom = [posToVal(select.left, 'x'), posToVal(select.left + select.width, 'x')];
            },
          ],
          ready: [
            ({over}) =>
              over.addEventListener('dblclick', () => {
                this.#zoom = undefined;
                this.#fit();
              }),
          ],
        },
      },
      data,
      this.#chart,
    );
  }

  /** A line where a finding began, and a shade while it lasted, behind the curves. */
  #mark(plot: uPlot): void {
    const {ctx, bbox} = plot;
    const [from, to] = [bbox.left, bbox.left + bbox.width];
    const x = (step: number): number => Math.min(to, Math.max(from, plot.valToPos(step, 'x', true)));
    ctx.save();
    ctx.fillStyle = css('--bad');
    for (const {since, over = Infinity} of this.#lines.flatMap(({findings}) => findings)) {
      const [left, right] = [x(since), x(over)];
      if (left >= to || right <= from) continue;
      ctx.globalAlpha = 0.07;
      ctx.fillRect(left, bbox.top, right - left, bbox.height);
      ctx.globalAlpha = 0.8;
      ctx.fillRect(left, bbox.top, 2 * devicePixelRatio, bbox.height);
    }
    ctx.restore();
  }

  #size(): {width: number; height: number} {
    return {width: Math.max(160, this.#chart.clientWidth), height};
  }

  get #steps(): readonly number[] {
    return (this.#plot?.data[0] ?? []) as readonly number[];
  }

  #fit(): void {
    const [first = 0, last = 1] = [this.#steps[0], this.#steps.at(-1)];
    const [min, max] = this.#zoom ?? [first, last];
    this.#plot?.setScale('x', {min, max: max > min ? max : min + 1});
  }

  #key(event: KeyboardEvent): void {
    const plot = this.#plot;
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
    const last = this.#steps.length - 1;
    const at = plot.cursor.idx ?? last;
    const stride = event.shiftKey ? 10 : Math.max(1, Math.round(last / 200));
    const moves: Record<string, number> = {ArrowLeft: at - stride, ArrowRight: at + stride, Home: 0, End: last};
    const zooms: Record<string, number> = {'+': 0.5, '-': 2};
    const [move, zoom] = [moves[event.key], zooms[event.key]];
    if (move !== undefined) this.#moveTo(Math.min(last, Math.max(0, move)));
    else if (zoom !== undefined) this.#zoomBy(zoom, this.#steps[at] ?? 0);
    else if (event.key === '0') {
      this.#zoom = undefined;
      this.#fit();
    } else return;
    event.preventDefault();
  }

  #moveTo(index: number): void {
    const step = this.#steps[index];
    if (step !== undefined) this.#plot?.setCursor({left: this.#plot.valToPos(step, 'x'), top: 10});
  }

  #zoomBy(factor: number, middle: number): void {
    const [first = 0, last = 1] = [this.#steps[0], this.#steps.at(-1)];
    const [min, max] = this.#zoom ?? [first, last];
    const half = Math.max(2, ((max - min) * factor) / 2);
    this.#zoom = half * 2 >= last - first ? undefined : [Math.max(first, middle - half), Math.min(last, middle + half)];
    this.#fit();
  }

  /** The values under the cursor, or the last ones, in the legend and for who cannot see the chart. */
  #tell(): void {
    const index = this.#plot?.cursor.idx;
    const step = index === null || index === undefined ? undefined : this.#steps[index];
    write(this.#at, step === undefined ? '' : ` at step ${step}`);
    const texts = this.#lines.map(({run, points}) => {
      const value = step === undefined ? points.values.at(-1) : points.values[nearest(points.steps, step)];
      return {run, text: value === undefined ? '' : number(value)};
    });
    const items = keyed(
      this.#legend,
      texts.map(({run}) => run),
      (run) => h('li', {}, h('span', {class: 'name'}, title(run, this.#store.about.folder)), ' ', h('b')),
    );
    items.forEach((item, i) => {
      set(item, 'data-colour', this.#store.colour(texts[i]!.run));
      write(item.querySelector('b')!, texts[i]!.text);
    });
    const lastStep = Math.max(0, ...this.#lines.map(({points}) => points.steps.at(-1) ?? 0));
    const values = texts.map(({run, text}) => `${title(run, this.#store.about.folder)} ${text}`).join(', ');
    set(
      this.#chart,
      'aria-label',
      `${this.#title} at step ${step ?? lastStep}: ${values}. Arrow keys move, plus and minus zoom, 0 shows all.`,
    );
  }
}

/** Lines over the union of their steps, the first one last: it is drawn over the others. */
function join(lines: readonly Line[]): uPlot.AlignedData {
  if (lines.length === 0) return [[]];
  return uPlot.join(lines.toReversed().map(({points}): uPlot.AlignedData => [points.steps, points.values]));
}
