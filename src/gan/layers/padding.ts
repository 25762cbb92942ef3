import {tf, type Tensor} from '../../backends/tf.js';

/** How a convolution sees beyond the border (PyTorch's padding_mode). */
export type PaddingMode = 'zeros' | 'reflect' | 'replicate' | 'circular';

/** Pads the spatial axes of [batch, ...spatial, c] on both sides; composed of operations that have gradients. */
export function padSpatial(x: Tensor, padding: readonly number[], mode: Exclude<PaddingMode, 'zeros'>): Tensor {
  return padding.reduce((value, width, i) => (width === 0 ? value : padAxis(value, i + 1, width, mode)), x);
}

function padAxis(x: Tensor, axis: number, width: number, mode: Exclude<PaddingMode, 'zeros'>): Tensor {
  const length = x.shape[axis]!;
  const part = (begin: number, size: number): Tensor =>
    tf.slice(
      x,
      x.shape.map((_, i) => (i === axis ? begin : 0)),
      x.shape.map((n, i) => (i === axis ? size : n)),
    );
  const repeat = (edge: Tensor): Tensor[] => new Array<Tensor>(width).fill(edge);
  const sides: Record<typeof mode, () => [Tensor[], Tensor[]]> = {
    circular: () => [[part(length - width, width)], [part(0, width)]],
    reflect: () => [[tf.reverse(part(1, width), axis)], [tf.reverse(part(length - 1 - width, width), axis)]],
    replicate: () => [repeat(part(0, 1)), repeat(part(length - 1, 1))],
  };
  const [before, after] = sides[mode]();
  return tf.concat([...before, x, ...after], axis);
}
