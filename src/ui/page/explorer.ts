import type {BackendChoice, RunDetail} from '../protocol.js';
import {h, keyed, section, set, write} from './dom.js';
import {DrawingQueue} from './drawing.js';
import {title} from './format.js';
import {betweenControls, sliderControls} from './latent-controls.js';
import {Picture} from './picture.js';
import type {Store} from './store.js';

/**
 * Draws what the generator of the current run makes of a latent that is moved, from its newest checkpoint or the one
 * that is chosen.
 */
export function explorer(store: Store): HTMLElement {
  const queue = new DrawingQueue();
  const [picture, strip] = [new Picture('drawn'), new Picture('strip')];
  const caption = h('figcaption', {});
  const problem = h('p', {class: 'problem', role: 'alert', hidden: true});
  const modes = [
    {name: 'Sliders', controls: sliderControls(() => draw())},
    {name: 'Between two seeds', controls: betweenControls(() => draw())},
  ];
  let mode = modes[0]!;
  let started = false;
  let stripShown = '';
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
      h('div', {class: 'side'}, ...modes.map(({controls}) => controls.element), strip.element),
    ),
  );

  /** Step of the checkpoint that was chosen; undefined: the newest. */
  const chosen = (): number | undefined => (checkpoints.value === '' ? undefined : Number(checkpoints.value));
  const choose = (next: (typeof modes)[number]): void => {
    mode = next;
    for (const {controls} of modes) controls.element.hidden = controls !== mode.controls;
    strip.clear();
    stripShown = '';
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
    draw();
  };
  const draw = (): void => {
    const {detail} = store;
    const step = chosen() ?? detail?.checkpoints.at(-1);
    if (!started || !detail || step === undefined) return;
    const run = detail.name;
    const from = {run, backend: backend.value, ...(chosen() !== undefined && {step})};
    const {latent, name} = mode.controls.point();
    if (latent.length === 0) return;
    const show = (error: string | undefined): void => {
      problem.hidden = error === undefined;
      write(problem, error ?? '');
    };
    set(bench, 'aria-busy', 'true');
    queue.ask('picture', {
      order: {...from, latents: [[...latent]]},
      done: (result) => {
        set(bench, 'aria-busy', undefined);
        if ('error' in result) return show(result.error);
        show(undefined);
        picture.show(result.url, `Image of ${name}`);
        write(caption, `${title(run, store.about.folder)}, step ${step}: ${name}`);
        set(caption, 'title', `${Math.round(result.ms)} ms`);
      },
    });
    const row = mode.controls.strip?.();
    const key = row && `${run} ${step} ${backend.value} ${row.at(0)?.join()} ${row.at(-1)?.join()}`;
    if (!row || key === stripShown) return;
    stripShown = key!;
    queue.ask('strip', {
      order: {...from, latents: row.map((each) => [...each])},
      done: (result) =>
        'url' in result &&
        mode.controls.strip &&
        strip.show(result.url, `${row.length} images from one seed to the other`),
    });
  };

  for (const {controls} of modes) controls.element.hidden = controls !== mode.controls;
  let [offeredFor, drawnFor] = ['', ''];
  store.on(['details', 'selection'], () => {
    if (store.current !== offeredFor) checkpoints.value = '';
    offeredFor = store.current ?? '';
    offerCheckpoints(checkpoints, store.detail);
    chooser.hidden = checkpoints.options.length < 3;
    const key = `${store.current} ${chosen() ?? store.detail?.checkpoints.at(-1)} ${String(store.detail?.config['latent'])}`;
    if (key === drawnFor) return;
    drawnFor = key;
    update();
  });
  update();
  return section('Explorer', hint, start, problem, bench);
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
