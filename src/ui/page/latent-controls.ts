import {drawLatent, slerp} from '../../gan/latents.js';
import {h, write} from './dom.js';

/** A point of the latent space that the controls give, and how it is called. */
export interface Point {
  latent: Float32Array;
  name: string;
}

export interface LatentControls {
  element: HTMLElement;
  point(): Point;
  /** Creates the controls for a generator with `size` numbers per latent. */
  setSize(size: number): void;
  /** Images that show more than the point, where there are some. */
  strip?(): Float32Array[];
}

/** Sliders that are shown at a time. */
const shownSliders = 8;
const largestSeed = 2 ** 31 - 1;

function seedInput(
  label: string,
  value: number,
  changed: () => void,
): {element: HTMLElement; seed(): number; set(seed: number): void} {
  const input = h('input', {type: 'number', min: 0, max: largestSeed, step: 1, value, input: changed});
  return {
    element: h('label', {}, label, ' ', input),
    seed: () => Math.min(largestSeed, Math.max(0, Math.floor(input.valueAsNumber || 0))),
    set: (seed) => (input.value = String(seed)),
  };
}

/** A seed, and sliders that move single numbers of its latent. */
export function sliderControls(changed: () => void): LatentControls {
  let latent = new Float32Array(0);
  let page = 0;
  const seed = seedInput('Seed', 0, () => begin());
  const sliders = h('div', {class: 'sliders', role: 'group', 'aria-label': 'Numbers of the latent'});
  const where = h('span', {role: 'status'});
  const turn = (by: number): void => {
    page = (page + by + pages()) % pages();
    makeSliders();
  };
  const pages = (): number => Math.max(1, Math.ceil(latent.length / shownSliders));
  const pager = h(
    'div',
    {class: 'row pager'},
    h('button', {type: 'button', 'aria-label': 'Numbers before these', click: () => turn(-1)}, '‹'),
    where,
    h('button', {type: 'button', 'aria-label': 'Numbers after these', click: () => turn(1)}, '›'),
  );
  const begin = (): void => {
    latent = drawLatent(latent.length, seed.seed()) as Float32Array<ArrayBuffer>;
    makeSliders();
    changed();
  };
  const anySeed = (): void => {
    seed.set(Math.floor(Math.random() * 100_000));
    begin();
  };
  const makeSliders = (): void => {
    const first = page * shownSliders;
    const count = Math.min(shownSliders, latent.length - first);
    pager.hidden = pages() === 1;
    write(where, `numbers ${first + 1} to ${first + count} of ${latent.length}`);
    sliders.replaceChildren(...Array.from({length: count}, (_, i) => slider(first + i)));
  };
  const slider = (index: number): HTMLElement => {
    const value = h('output', {}, latent[index]!.toFixed(2));
    const move = (event: Event): void => {
      latent[index] = (event.target as HTMLInputElement).valueAsNumber;
      write(value, latent[index].toFixed(2));
      changed();
    };
    return h(
      'label',
      {},
      h('span', {}, `z${index + 1}`),
      h('input', {
        type: 'range',
        min: -3.5,
        max: 3.5,
        step: 'any',
        value: latent[index]!,
        'aria-label': `Number ${index + 1}`,
        input: move,
        keydown: byTenths(move),
      }),
      value,
    );
  };
  return {
    element: h(
      'div',
      {class: 'controls'},
      h(
        'div',
        {class: 'row'},
        seed.element,
        h('button', {type: 'button', click: anySeed}, 'Any seed'),
        h('button', {type: 'button', click: begin}, 'Reset'),
      ),
      sliders,
      pager,
    ),
    point: () => {
      const moved = drawLatent(latent.length, seed.seed()).some((value, i) => value !== latent[i]);
      return {latent, name: `seed ${seed.seed()}${moved ? ', moved' : ''}`};
    },
    setSize: (size) => {
      if (size === latent.length) return;
      latent = drawLatent(size, seed.seed()) as Float32Array<ArrayBuffer>;
      page = 0;
      makeSliders();
    },
  };
}

/**
 * A slider of any value has steps of a hundredth of its length by keyboard in some browsers and none in others: here
 * they are 0.1.
 */
function byTenths(moved: (event: Event) => void): (event: Event) => void {
  const directions: Record<string, number> = {ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1};
  return (event) => {
    const direction = directions[(event as KeyboardEvent).key];
    if (direction === undefined) return;
    const input = event.target as HTMLInputElement;
    input.valueAsNumber = Math.round((input.valueAsNumber + direction * 0.1) * 10) / 10;
    event.preventDefault();
    moved(event);
  };
}

/** Images between two seeds that a strip shows, both ends included. */
const stripLength = 9;

/** Two seeds, and the way between them on the sphere. */
export function betweenControls(changed: () => void): LatentControls {
  let size = 0;
  const [from, to] = [seedInput('From seed', 0, changed), seedInput('to seed', 1, changed)];
  const shown = h('output', {}, '0.50');
  const move = (): void => {
    write(shown, way.valueAsNumber.toFixed(2));
    changed();
  };
  const way = h('input', {
    type: 'range',
    min: 0,
    max: 1,
    step: 0.01,
    value: 0.5,
    'aria-label': 'Position between the seeds',
    input: move,
  });
  const at = (t: number): Float32Array => slerp(drawLatent(size, from.seed()), drawLatent(size, to.seed()), t);
  const swap = (): void => {
    const [a, b] = [from.seed(), to.seed()];
    from.set(b);
    to.set(a);
    changed();
  };
  return {
    element: h(
      'div',
      {class: 'controls'},
      h('div', {class: 'row'}, from.element, to.element, h('button', {type: 'button', click: swap}, 'Swap')),
      h('label', {class: 'row'}, h('span', {}, 'Way'), way, shown),
    ),
    point: () => ({
      latent: at(way.valueAsNumber),
      name: `${shown.textContent} of the way from seed ${from.seed()} to seed ${to.seed()}`,
    }),
    setSize: (wanted) => (size = wanted),
    strip: () => Array.from({length: stripLength}, (_, i) => at(i / (stripLength - 1))),
  };
}
