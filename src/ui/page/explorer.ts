import type {BackendChoice} from '../protocol.js';
import {h, section, set, write} from './dom.js';
import {DrawingQueue} from './drawing.js';
import {title} from './format.js';
import {betweenControls, sliderControls} from './latent-controls.js';
import {Picture} from './picture.js';
import type {Store} from './store.js';

/** Draws what the generator of the current run makes of a latent that is moved, from the newest checkpoint. */
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
  const tabs = h('div', {class: 'tabs', role: 'radiogroup', 'aria-label': 'What moves'}, ...modes.map((each) => {
    const radio = h('input', {type: 'radio', name: 'mode', checked: each === mode, change: () => choose(each)});
    return h('label', {}, radio, h('span', {}, each.name));
  }));
  const start = h('button', {type: 'button', class: 'primary', click: () => begin()}, 'Open the generator');
  const hint = h('p', {class: 'hint'});
  const bench = h('div', {class: 'bench', hidden: true},
    h('div', {class: 'row'}, tabs, h('label', {}, 'Backend ', backend)),
    h('div', {class: 'drawing'},
      h('figure', {}, picture.element, caption),
      h('div', {class: 'side'}, ...modes.map(({controls}) => controls.element), strip.element)));

  const choose = (chosen: (typeof modes)[number]): void => {
    mode = chosen;
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
    const ready = detail?.checkpoint !== undefined && typeof size === 'number' && size >= 1 && size <= 100_000;
    write(hint, ready ? 'Draws from the newest checkpoint with the latents that you choose. The backend is opened when you begin.' : 'There is no checkpoint to draw from yet.');
    hint.hidden = ready && started;
    start.hidden = !ready || started;
    bench.hidden = !ready || !started;
    if (!ready || !started) return;
    for (const {controls} of modes) controls.setSize(size);
    draw();
  };
  const draw = (): void => {
    const {detail} = store;
    if (!started || detail?.checkpoint === undefined) return;
    const {name: run, checkpoint} = detail;
    const {latent, name} = mode.controls.point();
    if (latent.length === 0) return;
    const show = (error: string | undefined): void => {
      problem.hidden = error === undefined;
      write(problem, error ?? '');
    };
    set(bench, 'aria-busy', 'true');
    queue.ask('picture', {
      order: {run, backend: backend.value, latents: [[...latent]]},
      done: (result) => {
        set(bench, 'aria-busy', undefined);
        if ('error' in result) return show(result.error);
        show(undefined);
        picture.show(result.url, `Image of ${name}`);
        write(caption, `${title(run, store.about.folder)}, step ${checkpoint}: ${name}`);
        set(caption, 'title', `${Math.round(result.ms)} ms`);
      },
    });
    const row = mode.controls.strip?.();
    const key = row && `${run} ${checkpoint} ${backend.value} ${row.at(0)?.join()} ${row.at(-1)?.join()}`;
    if (!row || key === stripShown) return;
    stripShown = key!;
    queue.ask('strip', {
      order: {run, backend: backend.value, latents: row.map((each) => [...each])},
      done: (result) => 'url' in result && mode.controls.strip && strip.show(result.url, `${row.length} images from one seed to the other`),
    });
  };

  for (const {controls} of modes) controls.element.hidden = controls !== mode.controls;
  let drawnFor = '';
  store.on(['details', 'selection'], () => {
    const key = `${store.current} ${store.detail?.checkpoint} ${String(store.detail?.config['latent'])}`;
    if (key === drawnFor) return;
    drawnFor = key;
    update();
  });
  update();
  return section('Explorer', hint, start, problem, bench);
}

/** Asked when the first picture is wanted: looking for what can run here takes a moment. */
async function offerBackends(select: HTMLSelectElement): Promise<void> {
  if (select.options.length > 1) return;
  const response = await fetch('/api/backends');
  if (!response.ok) return;
  const choices = (await response.json()) as BackendChoice[];
  select.append(...choices.map(({name, ok, why}) => h('option', {value: name, disabled: !ok, title: why}, ok ? name : `${name} (not here)`)));
}
