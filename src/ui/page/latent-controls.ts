import {drawLatent, slerp} from '../../gan/latents.js';
import {h, write} from './dom.js';
import {Picture} from './picture.js';

/** A point of the latent space that the controls give, and how it is called. */
export interface Point {
  latent: Float32Array;
  name: string;
}

/** A row of images that shows more than the point. */
export interface Strip {
  picture: Picture;
  latents: Float32Array[];
  /** For who cannot see it. */
  alt: string;
}

export interface LatentControls {
  element: HTMLElement;
  point(): Point;
  /** Creates the controls for a generator with `size` numbers per latent. */
  setSize(size: number): void;
  /** Those that the controls want now, in the order of their places. */
  strips(): Strip[];
}

const largestSeed = 2 ** 31 - 1;

export function seedInput(
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
  const picture = new Picture('strip');
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
      picture.element,
    ),
    point: () => ({
      latent: at(way.valueAsNumber),
      name: `${shown.textContent} of the way from seed ${from.seed()} to seed ${to.seed()}`,
    }),
    setSize: (wanted) => (size = wanted),
    strips: () => [
      {
        picture,
        latents: Array.from({length: stripLength}, (_, i) => at(i / (stripLength - 1))),
        alt: `${stripLength} images from one seed to the other`,
      },
    ],
  };
}
