import {drawLatent, movedAlong} from '../../gan/latents.js';
import type {Directions} from '../protocol.js';
import {h, set, write} from './dom.js';
import {seedInput, type LatentControls} from './latent-controls.js';
import {numberSliders} from './number-sliders.js';
import {Picture} from './picture.js';
import {stepByKeys} from './slider-keys.js';

/** How far a slider moves, in standard deviations of a number of a latent, and the images that show its way. */
const along = {images: 5, reach: 4};

interface Direction {
  vector: Float32Array;
  by: number;
  picture: Picture;
  /** @param share of the variance of what the first layer gives */
  set(vector: readonly number[], share: number): void;
  reset(): void;
}

export interface DirectionControls extends LatentControls {
  /** What the sliders move along; none where it is not known. */
  setDirections(directions: Directions | undefined): void;
}

/**
 * A seed, and a slider for each direction that changes the images most, above pictures of what it does to the seed's
 * image. Folded: sliders for the single numbers of the latent.
 */
export function directionControls(changed: () => void): DirectionControls {
  let latent = new Float32Array(0);
  let directions: Direction[] = [];
  const seed = seedInput('Seed', 0, () => begin());
  const list = h('div', {class: 'directions', role: 'group', 'aria-label': 'Directions of the latent'});
  const numbers = numberSliders(changed);
  const ofSeed = (): Float32Array => drawLatent(latent.length, seed.seed());
  const begin = (): void => {
    latent = ofSeed() as Float32Array<ArrayBuffer>;
    numbers.show(latent);
    changed();
  };
  const reset = (): void => {
    for (const each of directions) each.reset();
    begin();
  };
  const anySeed = (): void => {
    seed.set(Math.floor(Math.random() * 100_000));
    begin();
  };
  const make = (first: number[], index: number, itsShare: number): {direction: Direction; element: HTMLElement} => {
    const picture = new Picture('strip');
    const value = h('output', {}, '0.0');
    const say = (): void => write(value, slider.valueAsNumber.toFixed(1));
    const move = (): void => {
      direction.by = slider.valueAsNumber;
      say();
      changed();
    };
    const slider = h('input', {
      type: 'range',
      min: -along.reach,
      max: along.reach,
      step: 'any',
      value: 0,
      'aria-label': `Direction ${index + 1}`,
      input: move,
      keydown: stepByKeys(move),
    });
    const name = h('span', {}, String(index + 1));
    const direction: Direction = {
      vector: new Float32Array(0),
      by: 0,
      picture,
      set: (vector, share) => {
        direction.vector = Float32Array.from(vector);
        set(name, 'title', `${(100 * share).toFixed(1)} % of what the first layer varies`);
      },
      reset: () => {
        direction.by = slider.valueAsNumber = 0;
        say();
      },
    };
    direction.set(first, itsShare);
    return {
      direction,
      element: h('div', {class: 'direction'}, h('p', {}, name, value), picture.element, slider),
    };
  };
  const moved = (): Float32Array =>
    latent.map((number, i) => directions.reduce((sum, {vector, by}) => sum + by * vector[i]!, number));
  return {
    element: h(
      'div',
      {class: 'controls'},
      h(
        'div',
        {class: 'row'},
        seed.element,
        h('button', {type: 'button', click: anySeed}, 'Any seed'),
        h('button', {type: 'button', click: reset}, 'Reset'),
      ),
      list,
      h('details', {class: 'more'}, h('summary', {}, 'Single numbers of the latent'), numbers.element),
    ),
    point: () => {
      const isMoved = directions.some(({by}) => by !== 0) || ofSeed().some((value, i) => value !== latent[i]);
      return {latent: moved(), name: `seed ${seed.seed()}${isMoved ? ', moved' : ''}`};
    },
    setSize: (size) => {
      if (size === latent.length) return;
      latent = drawLatent(size, seed.seed()) as Float32Array<ArrayBuffer>;
      directions = [];
      list.replaceChildren();
      numbers.show(latent);
    },
    setDirections: (found) => {
      const {vectors = [], shares = []} = found ?? {};
      const wanted = vectors.filter((vector) => vector.length === latent.length);
      // those of another checkpoint of the run: the sliders stay where they are
      if (wanted.length === directions.length) {
        directions.forEach((direction, i) => direction.set(wanted[i]!, shares[i]!));
        return;
      }
      const made = wanted.map((vector, i) => make(vector, i, shares[i]!));
      directions = made.map(({direction}) => direction);
      list.replaceChildren(...made.map(({element}) => element));
    },
    strips: () =>
      directions.map(({vector, picture}, i) => ({
        picture,
        latents: movedAlong(ofSeed(), vector, along),
        alt: `${along.images} images along direction ${i + 1}`,
      })),
  };
}
