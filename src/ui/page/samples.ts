import {h, keyed, section, set, write} from './dom.js';
import {title} from './format.js';
import {nearest} from './curve-panel.js';
import type {Store} from './store.js';

/** A grid of the ones that are played is shown for at least as long. */
const playMs = 150;

/**
 * The sample grids of the selected runs, side by side, with one slider over the steps. It stays at the newest until it
 * is moved back; played, it goes on to the newest, from the first if it is there already.
 */
export function samples(store: Store): HTMLElement {
  const slider = h('input', {type: 'range', min: 0, step: 1, id: 'sample-step'});
  const shown = h('output', {for: 'sample-step'});
  const play = h(
    'button',
    {type: 'button', 'aria-label': 'Play the samples', click: () => (timer === undefined ? start() : stop())},
    '▶',
  );
  const controls = h(
    'div',
    {class: 'row player'},
    play,
    h('label', {class: 'row'}, h('span', {}, 'Step'), slider, shown),
  );
  const empty = h('p', {class: 'hint'}, 'No sample grid yet.');
  const figures = h('div', {class: 'figures'});
  let steps: number[] = [];
  let following = true;
  let timer: ReturnType<typeof setInterval> | undefined;

  const update = (): void => {
    const runs = store.selected.filter((run) => (store.details.get(run)?.samples.length ?? 0) > 0);
    const before = steps[slider.valueAsNumber];
    steps = [...new Set(runs.flatMap((run) => store.details.get(run)!.samples))].sort((a, b) => a - b);
    slider.max = String(Math.max(0, steps.length - 1));
    slider.valueAsNumber = following || before === undefined ? steps.length - 1 : nearest(steps, before);
    controls.hidden = steps.length < 2;
    empty.hidden = steps.length > 0;
    draw(runs);
  };
  const draw = (runs: string[]): void => {
    const step = steps[slider.valueAsNumber];
    write(shown, step === undefined ? '' : String(step));
    set(slider, 'aria-valuetext', step === undefined ? undefined : `step ${step}`);
    for (const figure of keyed(figures, step === undefined ? [] : runs, makeFigure)) updateFigure(store, figure, step!);
  };
  const show = (index: number): void => {
    slider.valueAsNumber = index;
    following = index === steps.length - 1;
    update();
  };
  const start = (): void => {
    timer = setInterval(next, playMs);
    write(play, '❚❚');
    set(play, 'aria-label', 'Stop playing');
    show(following ? 0 : slider.valueAsNumber);
  };
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    write(play, '▶');
    set(play, 'aria-label', 'Play the samples');
  };
  const next = (): void => {
    // its time counts from when it is seen
    if ([...figures.querySelectorAll('img')].some(({complete}) => !complete)) return;
    if (!following) show(slider.valueAsNumber + 1);
    if (following) stop();
  };
  slider.addEventListener('input', () => {
    stop();
    show(slider.valueAsNumber);
  });
  store.on(['details', 'selection'], update);
  return section('Samples', controls, empty, figures);
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
