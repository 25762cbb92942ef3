import {h, write} from './dom.js';
import {stepByKeys} from './slider-keys.js';

/** Sliders that are shown at a time. */
const shownSliders = 8;

export interface NumberSliders {
  element: HTMLElement;
  /** Shows these numbers, and moves them from now on. */
  show(latent: Float32Array): void;
}

/** Sliders for the single numbers of a latent, some at a time. */
export function numberSliders(changed: () => void): NumberSliders {
  let latent = new Float32Array(0);
  let page = 0;
  const sliders = h('div', {class: 'sliders', role: 'group', 'aria-label': 'Numbers of the latent'});
  const where = h('span', {role: 'status'});
  const pages = (): number => Math.max(1, Math.ceil(latent.length / shownSliders));
  const turn = (by: number): void => {
    page = (page + by + pages()) % pages();
    make();
  };
  const pager = h(
    'div',
    {class: 'row pager'},
    h('button', {type: 'button', 'aria-label': 'Numbers before these', click: () => turn(-1)}, '‹'),
    where,
    h('button', {type: 'button', 'aria-label': 'Numbers after these', click: () => turn(1)}, '›'),
  );
  const make = (): void => {
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
        keydown: stepByKeys(move),
      }),
      value,
    );
  };
  return {
    element: h('div', {class: 'numbers'}, sliders, pager),
    show: (numbers) => {
      if (numbers.length !== latent.length) page = 0;
      latent = numbers as Float32Array<ArrayBuffer>;
      make();
    },
  };
}
