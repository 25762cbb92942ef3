import type {Refusal} from '../protocol.js';
import {h, set, write} from './dom.js';
import {Picture} from './picture.js';
import type {Store} from './store.js';

const prefix = '/real/';

/** The key of the figure of a run's real images; no run has such a name. */
export const realKey = (run: string): string => prefix + run;

/** The run whose real images a figure shows; undefined of other figures. */
export const realOf = (key: string): string | undefined =>
  key.startsWith(prefix) ? key.slice(prefix.length) : undefined;

/** Of runs that were trained on the same data, one: the first that keeps real images, else the first. */
export function differentData(store: Store, runs: readonly string[]): string[] {
  const keys = runs.map((run) => {
    const {data, source, size, channels, resize} = store.details.get(run)?.config ?? {};
    return JSON.stringify([data, source, size, channels, resize]);
  });
  return [...new Set(keys)].map((key) => {
    const alike = runs.filter((_, i) => keys[i] === key);
    return alike.find((run) => store.details.get(run)?.real) ?? alike[0]!;
  });
}

/**
 * A grid of training images, laid out as the sample grids. Where the folder of the run has none, the server draws it
 * from the data: built-in data by itself, files when somebody asks for it. Hidden where there is nothing to show.
 */
export function realFigure(store: Store, run: string): HTMLElement & {update(several: boolean): void} {
  const picture = new Picture('real');
  const caption = h('figcaption', {});
  const problem = h('p', {class: 'problem', role: 'alert', hidden: true});
  const place = h('code', {});
  const button = h('button', {type: 'button', click: () => void load(true)}, 'Show the training images');
  const offer = h('p', {class: 'offer', hidden: true}, button, ' of ', place);
  const figure = h('figure', {hidden: true}, picture.element, offer, problem, caption);
  let [asked, has] = [false, false];

  const load = async (files: boolean): Promise<void> => {
    asked = true;
    problem.hidden = true;
    button.disabled = true;
    const query = new URLSearchParams({run, ...(files && {files: 'yes'})});
    const response = await fetch(`/api/real?${query}`).catch(() => undefined);
    button.disabled = false;
    if (response?.status === 200) {
      picture.show(URL.createObjectURL(await response.blob()), `Grid of training images: ${caption.title}`);
      has = true;
      offer.hidden = true;
      figure.hidden = false;
    } else if (files) {
      problem.hidden = false;
      write(problem, response ? ((await response.json()) as Refusal).error : 'the server does not answer');
    }
  };
  const update = (several: boolean): void => {
    const {config, real} = store.details.get(run)!;
    const data = typeof config['data'] === 'string' ? config['data'] : '';
    write(caption, several ? `Training data: ${data}` : 'Training data');
    set(caption, 'title', data);
    if (has) return;
    const isFile = !real && data !== '' && !data.startsWith('builtin:');
    offer.hidden = !isFile;
    write(place, data);
    if (isFile) figure.hidden = false;
    else if (!asked) void load(false);
  };
  return Object.assign(figure, {update});
}
