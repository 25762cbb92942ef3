/** Derivatives by central differences in float64: what every gradient of the kit is compared with. */
import {map, plain, type Plain} from './plain.js';

/** A scalar function of several arrays. */
export type Objective = (...inputs: Plain[]) => number;

/** Error of a first derivative: about step^2 from the curve and 1e-16 / step from rounding. */
const step = 1e-4;
/** Step for a derivative of derivatives, which themselves have an error of 1e-9. */
const outerStep = 1e-3;

/** The gradient with respect to each input. */
export function gradients(f: Objective, inputs: readonly Plain[]): Plain[] {
  const copies = inputs.map(({shape, data}) => plain(shape, data));
  return copies.map((input) =>
    plain(
      input.shape,
      input.data.map((value, i) => {
        const sample = (distance: number): number => {
          input.data[i] = value + distance;
          return f(...copies);
        };
        const slope = (sample(step) - sample(-step)) / (2 * step);
        input.data[i] = value;
        return slope;
      }),
    ),
  );
}

/** The derivative along a direction. */
export function slopeAlong(f: Objective, inputs: readonly Plain[], direction: readonly Plain[]): number {
  return (f(...moved(inputs, direction, step)) - f(...moved(inputs, direction, -step))) / (2 * step);
}

/**
 * The gradients of a penalty on gradients: of half the squared length of the gradient with respect to some of the
 * inputs. With g this gradient, and 0 for the other inputs, it is the Hessian times g: how the gradients change along
 * g.
 */
export function gradientsOfPenalty(f: Objective, inputs: readonly Plain[], penalised: readonly number[]): Plain[] {
  const gradient = gradients(f, inputs).map((g, i) => (penalised.includes(i) ? g : map(g, () => 0)));
  const largest = Math.max(...gradient.flatMap(({data}) => [...data].map(Math.abs)), 1e-12);
  const direction = gradient.map((g) => map(g, (value) => value / largest));
  const [ahead, behind] = [outerStep, -outerStep].map((distance) => gradients(f, moved(inputs, direction, distance)));
  return ahead!.map((g, i) =>
    plain(
      g.shape,
      g.data.map((value, k) => ((value - behind![i]!.data[k]!) / (2 * outerStep)) * largest),
    ),
  );
}

function moved(inputs: readonly Plain[], direction: readonly Plain[], distance: number): Plain[] {
  return inputs.map(({shape, data}, i) =>
    plain(
      shape,
      data.map((value, k) => value + distance * direction[i]!.data[k]!),
    ),
  );
}
