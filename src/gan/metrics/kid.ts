import {tf, type Tensor2D} from '../../backends/tf.js';
import type {Rng} from '../rng.js';
import {pick, type Features} from './features.js';
import {tooFewImages} from './too-few-images.js';

export interface KidOptions {
  /** Random subsets to average over; 100 as in torch-fidelity. */
  subsets: number;
  /** Images in a subset, at most; 1000 as in torch-fidelity. With fewer images in a set, all of them. */
  subsetSize: number;
}

/** More images than that: the kernel is computed for each subset instead of once for all. */
const wholeAtMost = 4096;

/**
 * Kernel distance (KID, arXiv 1801.01401): the unbiased estimate of the squared maximum mean discrepancy with the
 * kernel (x y / d + 1)^3, d the number of features, averaged over random subsets. It may be a little below 0. Unlike
 * the Frechet distance, it does not depend on the number of images.
 *
 * When the subsets hold all images of both sets, one is enough. Products are computed on the device in float32, sums on
 * the host in float64.
 */
export async function kernelDistance(
  {real, fake}: {real: Features; fake: Features},
  rng: Rng,
  {subsets, subsetSize}: KidOptions,
): Promise<number> {
  const m = Math.min(subsetSize, real.count, fake.count);
  if (m < 2) throw tooFewImages('a kernel distance', m, 2);
  const rounds = m === real.count && m === fake.count ? 1 : subsets;
  const whole = Math.max(real.count, fake.count) <= wholeAtMost;
  const kernels = whole ? await kernelsOf(real, fake) : undefined;
  let total = 0;
  for (let round = 0; round < rounds; round++) {
    const draw = rng.fork('subset', round);
    const [a, b] = [real, fake].map(({count}, side) => draw.fork(side).permutation(count).subarray(0, m)) as [
      Uint32Array,
      Uint32Array,
    ];
    if (kernels) total += discrepancy(kernels, a, b, [real.count, fake.count]);
    else {
      const all = Uint32Array.from({length: m}, (_, i) => i);
      total += discrepancy(await kernelsOf(pick(real, a), pick(fake, b)), all, all, [m, m]);
    }
  }
  return total / rounds;
}

/** Kernel values within the sets and across: [n, n], [k, k], [n, k]. */
type Kernels = readonly [real: Float32Array, fake: Float32Array, across: Float32Array];

async function kernelsOf(real: Features, fake: Features): Promise<Kernels> {
  return [await kernel(real, real), await kernel(fake, fake), await kernel(real, fake)];
}

async function kernel(a: Features, b: Features): Promise<Float32Array> {
  const values = tf.tidy(() => {
    const [x, y] = [tf.tensor2d(a.data, [a.count, a.size]), tf.tensor2d(b.data, [b.count, b.size])];
    const base = tf.add(tf.div(tf.matMul<Tensor2D>(x, y, false, true), a.size), 1);
    return tf.mul(tf.mul(base, base), base);
  });
  const data = (await values.data()) as Float32Array;
  values.dispose();
  return data;
}

/** The unbiased estimate of some rows of each set: the diagonals do not count. */
function discrepancy(
  [real, fake, across]: Kernels,
  a: Uint32Array,
  b: Uint32Array,
  [n, k]: readonly [number, number],
): number {
  const m = a.length;
  let [within, between] = [0, 0];
  for (let i = 0; i < m; i++) {
    const [rowA, rowB] = [a[i]! * n, b[i]! * k];
    for (let j = 0; j < m; j++) {
      if (j !== i) within += real[rowA + a[j]!]! + fake[rowB + b[j]!]!;
      between += across[a[i]! * k + b[j]!]!;
    }
  }
  return within / (m * (m - 1)) - (2 * between) / (m * m);
}
