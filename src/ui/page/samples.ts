import type {RunDetail} from '../protocol.js';
import {allPlaces, lastCommon, nearestTo, placesOf, timeCurve, type Placed, type Unit} from './alignment.js';
import {h, keyed, section, set, write} from './dom.js';
import {duration, title} from './format.js';
import {nearest} from './nearest.js';
import {differentData, realFigure, realKey, realOf} from './real.js';
import type {Store} from './store.js';

/** A grid of the ones that are played is shown for at least as long. */
const playMs = 150;

const units: Readonly<Record<Unit, {label: string; text(at: number): string}>> = {
  step: {label: 'Step', text: (at) => String(at)},
  images: {label: 'Images', text: (at) => at.toLocaleString('en-US')},
  time: {label: 'Time', text: duration},
};

/**
 * The sample grids of the selected runs, side by side, with one slider, and real images beside them. Of one run it
 * stays at the newest until it is moved back; of several, at the last place that all of them have come to: a step, a
 * number of images, or a time. Each shows its grid that is nearest. Played, it goes on to there, from the first if it
 * is there already.
 */
export function samples(store: Store): HTMLElement {
  const slider = h('input', {type: 'range', min: 0, step: 1, id: 'sample-step'});
  const shown = h('output', {for: 'sample-step'});
  const label = h('span', {}, 'Step');
  const play = h(
    'button',
    {type: 'button', 'aria-label': 'Play the samples', click: () => (timer === undefined ? start() : stop())},
    '▶',
  );
  const choices = (Object.keys(units) as Unit[]).map((each) => {
    const radio = h('input', {type: 'radio', name: 'unit', checked: each === 'step', change: () => choose(each)});
    return {unit: each, radio, element: h('label', {}, radio, h('span', {}, units[each].label))};
  });
  const same = h(
    'div',
    {class: 'row same', hidden: true},
    h('span', {class: 'hint', id: 'same-place'}, 'Compare at the same'),
    h(
      'div',
      {class: 'tabs', role: 'radiogroup', 'aria-labelledby': 'same-place'},
      ...choices.map(({element}) => element),
    ),
  );
  const controls = h('div', {class: 'row player'}, play, h('label', {class: 'row'}, label, slider, shown));
  const empty = h('p', {class: 'hint'}, 'No sample grid yet.');
  const figures = h('div', {class: 'figures'});
  let unit: Unit = 'step';
  let places: number[] = [];
  /** Where it stays while grids come: see above. */
  let home = -1;
  let following = true;
  let timer: ReturnType<typeof setInterval> | undefined;

  const placesIn = (detail: RunDetail, wanted: Unit): Placed[] | undefined =>
    placesOf(detail, store.curves.get(detail.name)?.get(timeCurve), wanted);
  const update = (): void => {
    const details = store.selected
      .flatMap((run) => store.details.get(run) ?? [])
      .filter((detail) => detail.samples.length > 0);
    const known = (each: Unit): boolean => details.every((detail) => placesIn(detail, each) !== undefined);
    const several = details.length > 1;
    same.hidden = !several;
    for (const {unit: each, radio} of choices) radio.disabled = !known(each);
    const used: Unit = several && known(unit) ? unit : 'step';
    const runs = new Map(details.map((detail) => [detail.name, placesIn(detail, used)!]));
    const before = used === drawn ? places[slider.valueAsNumber] : undefined;
    places = allPlaces([...runs.values()]);
    home = lastCommon(places, [...runs.values()]);
    slider.max = String(Math.max(0, places.length - 1));
    slider.valueAsNumber = following || before === undefined ? home : nearest(places, before);
    controls.hidden = places.length < 2;
    empty.hidden = places.length > 0;
    write(label, units[used].label);
    draw(runs, used);
  };
  let drawn: Unit = 'step';
  const draw = (runs: Map<string, Placed[]>, used: Unit): void => {
    drawn = used;
    const at = places[slider.valueAsNumber];
    write(shown, at === undefined ? '' : units[used].text(at));
    set(slider, 'aria-valuetext', at === undefined ? undefined : used === 'step' ? `step ${at}` : units[used].text(at));
    const names = [...runs.keys()];
    const real = differentData(store, names);
    const keys = at === undefined ? [] : [...names, ...real.map(realKey)];
    for (const figure of keyed(figures, keys, (key) => makeFigure(store, key))) {
      const run = figure.dataset['key']!;
      if ('update' in figure) (figure as ReturnType<typeof realFigure>).update(real.length > 1);
      else updateFigure(store, figure, describe(runs.get(run)!, at!, used));
    }
  };
  const show = (index: number): void => {
    slider.valueAsNumber = index;
    following = index === home;
    update();
  };
  const choose = (next: Unit): void => {
    stop();
    unit = next;
    following = true;
    update();
  };
  const start = (): void => {
    timer = setInterval(next, playMs);
    write(play, '❚❚');
    set(play, 'aria-label', 'Stop playing');
    show(slider.valueAsNumber >= home ? 0 : slider.valueAsNumber);
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
  store.on(['details', 'selection', 'curves'], update);
  return section('Samples', same, controls, empty, figures);
}

function makeFigure(store: Store, key: string): HTMLElement {
  const real = realOf(key);
  return real === undefined
    ? h('figure', {}, h('img', {decoding: 'sync'}), h('figcaption', {}))
    : realFigure(store, real);
}

/** The grid of a run at a place, and what is said of it. */
function describe(places: readonly Placed[], at: number, unit: Unit): {step: number; text: string} {
  const {step, at: own} = nearestTo(places, at);
  const where = unit === 'step' ? '' : unit === 'images' ? `, ${units.images.text(own)} images` : `, ${duration(own)}`;
  const isLast = own < at && step === places.at(-1)!.step;
  return {step, text: `step ${step}${where}${isLast ? ' (its last)' : ''}`};
}

function updateFigure(store: Store, figure: HTMLElement, {step, text}: {step: number; text: string}): void {
  const run = figure.dataset['key']!;
  const image = figure.querySelector('img')!;
  set(image, 'src', `/api/sample?${new URLSearchParams({run, step: String(step)})}`);
  set(image, 'alt', `Grid of samples of ${title(run, store.about.folder)} at step ${step}`);
  set(figure, 'data-colour', store.colour(run));
  write(figure.querySelector('figcaption')!, `${title(run, store.about.folder)}, ${text}`);
}
