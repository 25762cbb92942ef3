/** The generator's inputs, from seeds; and the way from one to another. */
import {Rng} from './rng.js';

export interface LatentOptions {
  /** Bound of the values, above 0; absent: none. */
  truncation?: number;
}

/**
 * Image number `index` of a seed.
 * With a truncation t, values beyond it are drawn again, from the normal distribution between -t and t; the others stay
 * as they are.
 * @returns [latentSize], normal
 * @see arXiv 1809.11096, section 3.1: the truncation trick
 */
export function drawLatent(
  latentSize: number,
  seed: number,
  index = 0,
  {truncation}: LatentOptions = {},
): Float32Array {
  const rng = new Rng(seed).fork('generate', index);
  const latent = rng.normal(latentSize);
  return truncation === undefined
    ? latent
    : latent.map((value) => (Math.abs(value) <= truncation ? value : truncatedNormal(rng, truncation)));
}

/**
 * Rejection sampling from what accepts two of three draws at least: the normal distribution for a wide range, the
 * uniform one for a narrow range.
 */
function truncatedNormal(rng: Rng, bound: number): number {
  for (;;) {
    const [value = 0] = bound > 1 ? rng.normal(1) : rng.uniform(1, -bound, bound);
    if (bound > 1 ? Math.abs(value) <= bound : rng.float() < Math.exp((-value * value) / 2)) return value;
  }
}

/**
 * The point at `t` of the way from `a` to `b` along a great circle: keeps the length of latents, where a straight line
 * would pass close to the middle, from which hardly any latent is drawn. Vectors of one direction, or of opposite ones,
 * are joined by a straight line.
 * @param a [n]
 * @param t 0 gives `a`, 1 gives `b`
 * @see arXiv 1609.04468, equation 1 of section 2.1
 */
export function slerp(a: Float32Array, b: Float32Array, t: number): Float32Array {
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)));
  const sine = Math.sin(angle);
  const [fromA, fromB] =
    sine < 1e-6 || Number.isNaN(sine) ? [1 - t, t] : [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine];
  return a.map((value, i) => fromA * value + fromB * b[i]!);
}

/**
 * Latents on the way through all of `stops`: `frames` from each to the next, the stop itself first.
 * @param loop go back to the first one, which then is not repeated; otherwise the last stop is the last frame
 */
export const latentPath = (stops: readonly Float32Array[], frames: number, loop: boolean): Float32Array[] =>
  pathBetween(stops, frames, loop, slerp);

/** The same with any way from one stop to the next: `between(a, b, 0)` gives `a`. */
export function pathBetween(
  stops: readonly Float32Array[],
  frames: number,
  loop: boolean,
  between: (a: Float32Array, b: Float32Array, t: number) => Float32Array,
): Float32Array[] {
  const legs = stops.map((from, i): [Float32Array, Float32Array] => [from, stops[(i + 1) % stops.length]!]);
  const path = (loop ? legs : legs.slice(0, -1)).flatMap(([from, to]) =>
    Array.from({length: frames}, (_, i) => between(from, to, i / frames)),
  );
  return loop ? path : [...path, stops.at(-1)!];
}

/**
 * A latent moved along a direction: `images` latents at even distances, from `-reach` to `reach`.
 * @param direction unit vector [n]
 * @param images the middle one of an odd number is the latent itself
 */
export const movedAlong = (
  latent: Float32Array,
  direction: Float32Array,
  {images, reach}: {images: number; reach: number},
): Float32Array[] =>
  Array.from({length: images}, (_, i) => {
    const by = images === 1 ? 0 : reach * ((2 * i) / (images - 1) - 1);
    return latent.map((value, at) => value + by * direction[at]!);
  });

const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
