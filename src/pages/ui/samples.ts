import {h, keyed, section, set, write} from '../dom.js';
import {title} from './format.js';
import {nearest} from './curve-panel.js';
import type {Store} from './store.js';

/** The sample grids of the selected runs, side by side, with one slider over the steps. It stays at the newest until it is moved back. */
export function samples(store: Store): HTMLElement {
  const slider = h('input', {type: 'range', min: 0, step: 1, id: 'sample-step'});
  const shown = h('output', {for: 'sample-step'});
  const label = h('label', {class: 'row'}, h('span', {}, 'Step'), slider, shown);
  const empty = h('p', {class: 'hint'}, 'No sample grid yet.');
  const figures = h('div', {class: 'figures'});
  let steps: number[] = [];
  let following = true;

  const update = (): void => {
    const runs = store.selected.filter((run) => (store.details.get(run)?.samples.length ?? 0) > 0);
    const before = steps[slider.valueAsNumber];
    steps = [...new Set(runs.flatMap((run) => store.details.get(run)!.samples))].sort((a, b) => a - b);
    slider.max = String(Math.max(0, steps.length - 1));
    slider.valueAsNumber = following || before === undefined ? steps.length - 1 : nearest(steps, before);
    label.hidden = steps.length < 2;
    empty.hidden = steps.length > 0;
    draw(runs);
  };
  const draw = (runs: string[]): void => {
    const step = steps[slider.valueAsNumber];
    write(shown, step === undefined ? '' : String(step));
    set(slider, 'aria-valuetext', step === undefined ? undefined : `step ${step}`);
    for (const figure of keyed(figures, step === undefined ? [] : runs, makeFigure)) updateFigure(store, figure, step!);
  };
  slider.addEventListener('input', () => {
    following = slider.valueAsNumber === steps.length - 1;
    update();
  });
  store.on(['details', 'selection'], update);
  return section('Samples', label, empty, figures);
}

function makeFigure(): HTMLElement {
  return h('figure', {}, h('img', {decoding: 'sync'}), h('figcaption', {}));
}

function updateFigure(store: Store, figure: HTMLElement, step: number): void {
  const run = figure.dataset['key']!;
  const own = store.details.get(run)!.samples;
  const at = own[nearest(own, step)]!; // the run's last grid that is not after the step
  const image = figure.querySelector('img')!;
  set(image, 'src', `/api/sample?${new URLSearchParams({run, step: String(at)})}`);
  set(image, 'alt', `Grid of samples of ${title(run, store.about.folder)} at step ${at}`);
  set(figure, 'data-colour', store.colour(run));
  write(figure.querySelector('figcaption')!, `${title(run, store.about.folder)}, step ${at}`);
}
