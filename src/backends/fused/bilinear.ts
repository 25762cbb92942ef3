/**
 * Bilinear resizing of images with half-pixel centres and its transpose, as the operations `BilinearResize` and
 * `BilinearResizeTranspose`; derivatives of every order use these two.
 */
import {defineOperation, type Operation} from '../operation.js';
import type {Tensor} from '../tf.js';
import {mapLines, transposed, type LineMap} from './separable.js';

export interface ResizeAttrs {
  /** Sides of the result. */
  height: number;
  width: number;
}

/** [n, h, w, c] -> [n, height, width, c] */
const resize: Operation<'x', ResizeAttrs, Tensor> = defineOperation({
  name: 'BilinearResize',
  inputs: ['x'],
  reference: ({x}, {height, width}) => mapLines(x, line(x.shape[1]!, height), line(x.shape[2]!, width)),
  gradient: {compute: ([dy], {inputs: {x}}) => ({x: resizeTranspose({dy: dy!}, sidesOf(x))})},
});

/** The transpose of resizing images of height x width to those of dy. [n, h, w, c] -> [n, height, width, c] */
const resizeTranspose: Operation<'dy', ResizeAttrs, Tensor> = defineOperation({
  name: 'BilinearResizeTranspose',
  inputs: ['dy'],
  reference: ({dy}, {height, width}) =>
    mapLines(dy, transposed(line(height, dy.shape[1]!)), transposed(line(width, dy.shape[2]!))),
  gradient: {compute: ([dy], {inputs}) => ({dy: resize({x: dy!}, sidesOf(inputs.dy))})},
});

const sidesOf = (x: Tensor): ResizeAttrs => ({height: x.shape[1]!, width: x.shape[2]!});

/** Pixel `to` lies at (to + 1/2) inSize / outSize - 1/2 of the line, but not before its first pixel. */
function line(inSize: number, outSize: number): LineMap {
  return {
    inSize,
    outSize,
    taps: Array.from({length: outSize}, (_, to) => {
      const at = Math.max(((to + 0.5) * inSize) / outSize - 0.5, 0);
      const from = Math.min(Math.floor(at), inSize - 1);
      const share = at - from;
      return [
        {to, from, weight: 1 - share},
        {to, from: Math.min(from + 1, inSize - 1), weight: share},
      ];
    }).flat(),
  };
}

/**
 * Images of another size, each pixel interpolated between the four next to it (torch.nn.functional.interpolate, mode
 * 'bilinear', align_corners=False, without antialiasing).
 * @param x [batch, h, w, channels]
 * @returns [batch, height, width, channels]
 */
export const resizeBilinear = (x: Tensor, height: number, width: number): Tensor => resize({x}, {height, width});
