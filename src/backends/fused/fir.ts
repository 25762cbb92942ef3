/**
 * Resampling of images by a finite impulse response filter as StyleGAN2 has it (upfirdn2d; arXiv 1912.04958, appendix
 * B), as one operation, `FirResample`: zeros between the pixels, padding, the filter, every n-th pixel. Its transpose
 * is itself with up and down exchanged and the filter reversed, so derivatives of every order use the same operation.
 */
import {defineOperation, type Operation} from '../operation.js';
import type {Tensor} from '../tf.js';
import {mapLines, type LineMap} from './separable.js';

export interface FirAttrs {
  /** Pixels of the result before `down` for each pixel: up - 1 zeros follow each pixel. */
  up: number;
  /** Of the filtered pixels every `down`-th is kept, from the first. */
  down: number;
  /**
   * Zeros around the image after `up`: above, below, left, right. A negative number takes so many pixels away. So a
   * side becomes floor((side up + before + after - taps) / down) + 1.
   */
  padding: [top: number, bottom: number, left: number, right: number];
  /** The filter is taps[i] taps[j]; y[o] = sum of taps[k] x[o down + k], in the padded line x (not reversed). */
  taps: number[];
}

const resample: Operation<'x', FirAttrs, Tensor> = defineOperation({
  name: 'FirResample',
  inputs: ['x'],
  reference({x}, attrs) {
    const [, h, w] = x.shape as [number, number, number];
    const [top, bottom, left, right] = attrs.padding;
    return mapLines(x, line(h, top, bottom, attrs), line(w, left, right, attrs));
  },
  gradient: {
    compute: ([dy], {inputs: {x}, attrs}) => ({x: resample({x: dy!}, transposedAttrs(x.shape, attrs))}),
  },
});

/** Side of the result. */
export const firSize = (size: number, before: number, after: number, {up, down, taps}: FirAttrs): number =>
  Math.floor((size * up + before + after - taps.length) / down) + 1;

function line(size: number, before: number, after: number, attrs: FirAttrs): LineMap {
  const {up, down, taps} = attrs;
  const outSize = firSize(size, before, after, attrs);
  return {
    inSize: size,
    outSize,
    taps: Array.from({length: outSize}, (_, to) =>
      taps.flatMap((weight, k) => {
        const at = to * down + k - before;
        const from = at / up;
        return Number.isInteger(from) && from >= 0 && from < size && at < size * up + after ? [{to, from, weight}] : [];
      }),
    ).flat(),
  };
}

/** Attributes of the transpose, which takes images of the result's size to those of `shape`. */
function transposedAttrs(shape: number[], attrs: FirAttrs): FirAttrs {
  const {up, down, taps, padding} = attrs;
  const sides = [shape[1]!, shape[2]!].flatMap((size, axis) => {
    const [before, after] = [padding[2 * axis]!, padding[2 * axis + 1]!];
    return [taps.length - 1 - before, size * up - firSize(size, before, after, attrs) * down + before - up + 1];
  });
  return {up: down, down: up, padding: sides as FirAttrs['padding'], taps: [...taps].reverse()};
}

/** StyleGAN2's filter, a binomial one. */
export const binomial: readonly number[] = [1, 3, 3, 1];

/** Taps of the sum 1. */
function normalized(taps: readonly number[], gain = 1): number[] {
  const sum = taps.reduce((total, tap) => total + tap, 0);
  return taps.map((tap) => (gain * tap) / sum);
}

/**
 * Larger by a whole factor: zeros between the pixels, then the filter, with the gain of factor^2 that keeps the
 * brightness (upsample2d of StyleGAN2).
 * @param x [batch, height, width, channels]
 * @param taps symmetric filter of one axis, of any sum but 0; at least as long as the factor
 * @returns [batch, height factor, width factor, channels]
 */
export function firUp(x: Tensor, factor = 2, taps: readonly number[] = binomial): Tensor {
  const before = Math.floor((taps.length + factor - 1) / 2);
  const after = Math.floor((taps.length - factor) / 2);
  return resample({x}, {up: factor, down: 1, padding: [before, after, before, after], taps: normalized(taps, factor)});
}

/**
 * Smaller by a whole factor: the filter, then every factor-th pixel (downsample2d of StyleGAN2).
 * @param x [batch, height, width, channels], both sides multiples of the factor
 * @param taps symmetric filter of one axis, of any sum but 0; at least as long as the factor
 * @returns [batch, height / factor, width / factor, channels]
 */
export function firDown(x: Tensor, factor = 2, taps: readonly number[] = binomial): Tensor {
  const before = Math.floor((taps.length - factor + 1) / 2);
  const after = Math.floor((taps.length - factor) / 2);
  return resample({x}, {up: 1, down: factor, padding: [before, after, before, after], taps: normalized(taps)});
}

/**
 * The filter alone, with zeros beyond the border (filter2d of StyleGAN2).
 * @param x [batch, height, width, channels]
 * @param taps symmetric filter of one axis, of any sum but 0
 * @returns images of the same size
 */
export function blur(x: Tensor, taps: readonly number[] = binomial): Tensor {
  const before = Math.floor(taps.length / 2);
  const after = Math.floor((taps.length - 1) / 2);
  return resample({x}, {up: 1, down: 1, padding: [before, after, before, after], taps: normalized(taps)});
}

/** The operation with all its arguments. [n, h, w, c] -> [n, h', w', c], see `FirAttrs`. */
export const firResample = (x: Tensor, attrs: FirAttrs): Tensor => resample({x}, attrs);
