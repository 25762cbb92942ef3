import {Rng} from '../src/gan/rng.js';

/** The latent of image `index` of `gan generate --seed`. */
export const latentOf = (seed: number, index: number, size: number): Float32Array => new Rng(seed).fork('generate').fork(index).normal(size);

/** From a to b along the sphere on which normal vectors lie, t in [0, 1] (Shoemake 1985; arXiv 1609.04468). */
export function slerp(a: Float32Array, b: Float32Array, t: number): Float32Array {
  const dot = a.reduce((sum, value, i) => sum + value * b[i]!, 0);
  const angle = Math.acos(Math.min(1, Math.max(-1, dot / (Math.hypot(...a) * Math.hypot(...b)))));
  const [from, to] = angle < 1e-6 ? [1 - t, t] : [Math.sin((1 - t) * angle) / Math.sin(angle), Math.sin(t * angle) / Math.sin(angle)];
  return a.map((value, i) => from * value + to * b[i]!);
}
