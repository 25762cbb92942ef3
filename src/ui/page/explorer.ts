import type {BackendChoice, Directions, DirectionsOrder, Refusal, RunDetail} from '../protocol.js';
import {classSliders} from './class-sliders.js';
import {directionControls} from './direction-controls.js';
import {h, keyed, section, set, write} from './dom.js';
import {DrawingQueue} from './drawing.js';
import {title} from './format.js';
import {betweenControls} from './latent-controls.js';
import {Picture} from './picture.js';
import type {Store} from './store.js';

/**
 * Draws what the generator of the current run makes of a latent that is moved, from its newest checkpoint or the one
 * that is chosen.
 */
export function explorer(store: Store): HTMLElement {
  const queue = new DrawingQueue();
  const picture = new Picture('drawn');
  const caption = h('figcaption', {});
  const problem = h('p', {class: 'problem', role: 'alert', hidden: true});
  const classes = classSliders(() => draw());
  const directions = directionControls(() => draw());
  const modes = [
    {name: 'Directions', controls: directions},
    {name: 'Between two seeds', controls: betweenControls(() => draw())},
  ];
  let mode = modes[0]!;
  let started = false;
  /** The latents and the checkpoint of the strips that are shown, by their places. */
  const stripsShown = new Map<string, string>();
  /** The checkpoint whose directions are shown, or asked for. */
  let [directionsOf, directionsRun] = ['', ''];
  const backend = h('select', {change: () => draw()}, h('option', {value: 'auto'}, 'auto'));
  const checkpoints = h('select', {change: () => draw()});
  const chooser = h('label', {}, 'Checkpoint ', checkpoints);
  const tabs = h(
    'div',
    {class: 'tabs', role: 'radiogroup', 'aria-label': 'What moves'},
    ...modes.map((each) => {
      const radio = h('input', {type: 'radio', name: 'mode', checked: each === mode, change: () => choose(each)});
      return h('label', {}, radio, h('span', {}, each.name));
    }),
  );
  const start = h('button', {type: 'button', class: 'primary', click: () => begin()}, 'Open the generator');
  const hint = h('p', {class: 'hint'});
  const bench = h(
    'div',
    {class: 'bench', hidden: true},
    h('div', {class: 'row'}, tabs, h('div', {class: 'row'}, chooser, h('label', {}, 'Backend ', backend))),
    h(
      'div',
      {class: 'drawing'},
      h('figure', {}, picture.element, caption),
      h('div', {class: 'side'}, classes.element, ...modes.map(({controls}) => controls.element)),
    ),
  );

  /** Step of the checkpoint that was chosen; undefined: the newest. */
  const chosen = (): number | undefined => (checkpoints.value === '' ? undefined : Number(checkpoints.value));
  const choose = (next: (typeof modes)[number]): void => {
    mode = next;
    for (const {controls} of modes) controls.element.hidden = controls !== mode.controls;
    draw();
  };
  const begin = (): void => {
    started = true;
    void offerBackends(backend);
    update();
    tabs.querySelector<HTMLInputElement>('input:checked')?.focus();
  };
  const update = (): void => {
    const {detail} = store;
    const size = detail?.config['latent'];
    const ready =
      detail !== undefined && detail.checkpoints.length > 0 && typeof size === 'number' && size >= 1 && size <= 100_000;
    write(
      hint,
      ready
        ? 'Draws from a checkpoint with the latents that you choose. The backend is opened when you begin.'
        : 'There is no checkpoint to draw from yet.',
    );
    hint.hidden = ready && started;
    start.hidden = !ready || started;
    bench.hidden = !ready || !started;
    if (!ready || !started) return;
    for (const {controls} of modes) controls.setSize(size);
    classes.setNames(detail.classes ?? []);
    draw();
  };
  const draw = (): void => {
    const {detail} = store;
    const step = chosen() ?? detail?.checkpoints.at(-1);
    if (!started || !detail || step === undefined) return;
    const run = detail.name;
    const from = {run, backend: backend.value, ...(chosen() !== undefined && {step})};
    const {latent, name} = mode.controls.point();
    const shares = classes.shares();
    const of = shares && {classes: shares};
    if (latent.length === 0) return;
    const show = (error: string | undefined): void => {
      problem.hidden = error === undefined;
      write(problem, error ?? '');
    };
    set(bench, 'aria-busy', 'true');
    queue.ask('picture', {
      order: {...from, ...of, latents: [[...latent]]},
      done: (result) => {
        set(bench, 'aria-busy', undefined);
        if ('error' in result) return show(result.error);
        show(undefined);
        picture.show(result.url, `Image of ${name}`);
        write(caption, `${title(run, store.about.folder)}, step ${step}: ${name}`);
        set(caption, 'title', `${Math.round(result.ms)} ms`);
      },
    });
    for (const [i, {picture: strip, latents, alt}] of mode.controls.strips().entries()) {
      const place = `${mode.name} ${i}`;
      const key = `${run} ${step} ${backend.value} ${shares?.join()} ${latents.at(0)?.join()} ${latents.at(-1)?.join()}`;
      if (stripsShown.get(place) === key) continue;
      stripsShown.set(place, key);
      queue.ask(place, {
        order: {...from, ...of, latents: latents.map((each) => [...each]), optional: true},
        done: (result) => 'url' in result && strip.show(result.url, alt),
      });
    }
    void findDirections(from, step);
  };
  const findDirections = async (from: DirectionsOrder, step: number): Promise<void> => {
    const key = `${from.run} ${step} ${from.backend}`;
    if (directionsOf === key) return;
    directionsOf = key;
    if (directionsRun !== from.run) directions.setDirections(undefined);
    directionsRun = from.run;
    const found = await askDirections(from);
    if (directionsOf !== key) return;
    directions.setDirections('error' in found ? undefined : found); // the picture says what is wrong
    draw();
  };

  for (const {controls} of modes) controls.element.hidden = controls !== mode.controls;
  let [offeredFor, drawnFor] = ['', ''];
  store.on(['details', 'selection'], () => {
    if (store.current !== offeredFor) checkpoints.value = '';
    offeredFor = store.current ?? '';
    offerCheckpoints(checkpoints, store.detail);
    chooser.hidden = checkpoints.options.length < 3;
    const key = `${store.current} ${chosen() ?? store.detail?.checkpoints.at(-1)} ${JSON.stringify(store.detail?.config['latent'])}`;
    if (key === drawnFor) return;
    drawnFor = key;
    update();
  });
  update();
  return section('Explorer', hint, start, problem, bench);
}

/** What moves the images of a checkpoint most. */
async function askDirections(order: DirectionsOrder): Promise<Directions | Refusal> {
  const response = await fetch('/api/directions', {
    method: 'POST',
    headers: {'content-type': 'application/json'},
    body: JSON.stringify({...order, optional: true}),
  }).catch(() => undefined);
  if (!response || response.status === 204) return {error: 'the server does not answer'};
  return (await response.json()) as Directions | Refusal;
}

/** The newest, and each by its step; one that was chosen and is gone gives way to the newest. */
function offerCheckpoints(select: HTMLSelectElement, {checkpoints = [], best}: Partial<RunDetail> = {}): void {
  const {value} = select;
  const keys = ['', ...checkpoints.map(String).reverse()];
  for (const option of keyed(select, keys, (key) => h('option', {value: key}))) {
    const key = option.value;
    write(option, key === '' ? 'newest' : key === String(best) ? `step ${key}, best` : `step ${key}`);
  }
  select.value = keys.includes(value) ? value : '';
}

/** Asked when the first picture is wanted: looking for what can run here takes a moment. */
async function offerBackends(select: HTMLSelectElement): Promise<void> {
  if (select.options.length > 1) return;
  const response = await fetch('/api/backends');
  if (!response.ok) return;
  const choices = (await response.json()) as BackendChoice[];
  select.append(
    ...choices.map(({name, ok, why}) =>
      h('option', {value: name, disabled: !ok, title: why}, ok ? name : `${name} (not here)`),
    ),
  );
}
