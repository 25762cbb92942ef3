/**
 * Images seen through affine maps, sampled bilinearly, as one operation that is closed under differentiation: it is
 * linear in the images, and its gradient is its transpose, whose gradient is the operation again. tfjs has no second
 * derivative of `transform`.
 *
 * Output pixel (row i, column j) of an image with the map [a, b, c, d, e, f] is what lies at column x = a j + b i + c
 * and row y = d j + e i + f, between the four pixels around it. At whole numbers it is the pixel itself, exactly.
 *
 * The kernels are `AffineSample` and `AffineSampleTranspose`:
 * - inputs: `x` [n, h, w, c] (the transpose: `dy` [n, outHeight, outWidth, c]), and `maps` [n, 6], float32;
 * - attrs: `AffineAttrs`;
 * - output: [n, outHeight, outWidth, c] (the transpose: [n, height, width, c]).
 */
import {defineOperation, type Operation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';

/** What lies outside of an image: 0, or its reflection, which does not repeat the pixels of the rim. */
export type Outside = 'zero' | 'reflect';

export interface AffineAttrs {
  /** Size of the images that are sampled. */
  height: number;
  width: number;
  outHeight: number;
  outWidth: number;
  outside: Outside;
}

const sample: Operation<'x' | 'maps', AffineAttrs, Tensor> = defineOperation({
  name: 'AffineSample',
  inputs: ['x', 'maps'],
  constants: ['maps'],
  reference({x, maps}: Record<'x' | 'maps', Tensor>, attrs: AffineAttrs): Tensor {
    const [n, , , channels] = x.shape as [number, number, number, number];
    const pixels = tf.reshape(x, [-1, channels]);
    const corners = cornersOf(maps, attrs).map(({places, weights}) => tf.mul(tf.gather(pixels, places), weights));
    return tf.reshape(tf.addN(corners), [n, attrs.outHeight, attrs.outWidth, channels]);
  },
  gradient: {
    compute: ([dy], {inputs: {maps}, attrs}) => ({x: transpose({dy: dy!, maps}, attrs)}),
  },
});

const transpose: Operation<'dy' | 'maps', AffineAttrs, Tensor> = defineOperation({
  name: 'AffineSampleTranspose',
  inputs: ['dy', 'maps'],
  constants: ['maps'],
  reference({dy, maps}: Record<'dy' | 'maps', Tensor>, attrs: AffineAttrs): Tensor {
    const [n, , , channels] = dy.shape as [number, number, number, number];
    const {height, width} = attrs;
    const slopes = tf.reshape(dy, [-1, channels]);
    const sums = cornersOf(maps, attrs).map(({places, weights}) =>
      tf.unsortedSegmentSum(tf.mul(slopes, weights), places, n * height * width),
    );
    return tf.reshape(tf.addN(sums), [n, height, width, channels]);
  },
  gradient: {
    compute: ([ddx], {inputs: {maps}, attrs}) => ({dy: sample({x: ddx!, maps}, attrs)}),
  },
});

interface Corner {
  /** Index of the pixel among the pixels of all images: [n * outHeight * outWidth], int32. */
  places: Tensor1D;
  /** Its share: [n * outHeight * outWidth, 1]. */
  weights: Tensor;
}

type Tensor1D = ReturnType<typeof tf.tensor1d>;

/** The four pixels around each place. */
function cornersOf(maps: Tensor, {height, width, outHeight, outWidth, outside}: AffineAttrs): Corner[] {
  const n = maps.shape[0];
  const [a, b, c, d, e, f] = tf.split(tf.reshape(maps, [n, 6, 1]), 6, 1) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ]; // [n, 1, 1]
  const columns = tf.reshape(tf.range(0, outWidth), [1, 1, outWidth]);
  const rows = tf.reshape(tf.range(0, outHeight), [1, outHeight, 1]);
  const along = (forColumn: Tensor, forRow: Tensor, shift: Tensor): Tensor =>
    tf.add(tf.add(tf.mul(forColumn, columns), tf.mul(forRow, rows)), shift); // [n, outHeight, outWidth]
  const xs = neighbours(along(a, b, c), width, outside);
  const ys = neighbours(along(d, e, f), height, outside);
  const first = tf.reshape(tf.range(0, n * height * width, height * width), [n, 1, 1]);
  return ys.flatMap((y) =>
    xs.map((x) => ({
      places: tf.cast<Tensor1D>(tf.reshape(tf.add(first, tf.add(tf.mul(y.place, width), x.place)), [-1]), 'int32'),
      weights: tf.reshape(tf.mul(y.weight, x.weight), [-1, 1]),
    })),
  );
}

/** The two pixels around each place on an axis, where in the image they are, and their shares. */
function neighbours(at: Tensor, side: number, outside: Outside): {place: Tensor; weight: Tensor}[] {
  const before = tf.floor(at);
  const share = tf.sub(at, before);
  return [
    {pixel: before, weight: tf.sub(1, share)},
    {pixel: tf.add(before, 1), weight: share},
  ].map(({pixel, weight}) =>
    outside === 'reflect'
      ? {place: reflected(pixel, side), weight}
      : {
          place: tf.minimum(tf.maximum(pixel, 0), side - 1),
          weight: tf.mul(weight, tf.relu(tf.sub(1, tf.abs(tf.sub(pixel, tf.minimum(tf.maximum(pixel, 0), side - 1)))))),
        },
  );
}

/** ... 2 1 0 1 2 ... side-2 side-1 side-2 ...: of whole numbers. */
function reflected(pixel: Tensor, side: number): Tensor {
  if (side === 1) return tf.zerosLike(pixel);
  const period = 2 * (side - 1);
  const inPeriod = tf.sub(pixel, tf.mul(tf.floor(tf.div(tf.add(pixel, 0.5), period)), period));
  return tf.sub(side - 1, tf.abs(tf.sub(inPeriod, side - 1)));
}

/**
 * Images through affine maps, one for each image.
 * @param x [n, h, w, channels]
 * @param maps [n, 6]: a, b, c, d, e, f; a constant to gradients
 * @param size of the result, that of the images when absent
 * @returns [n, height, width, channels], with derivatives of every order by x
 */
export function affineSample(
  x: Tensor,
  maps: Tensor,
  {outside, size}: {outside: Outside; size?: readonly [height: number, width: number]},
): Tensor {
  const [, height, width] = x.shape as [number, number, number, number];
  const [outHeight, outWidth] = size ?? [height, width];
  return sample({x, maps}, {height, width, outHeight, outWidth, outside});
}
