/** Between PyTorch's layout and the library's, written apart from the library's own conversion. */
import {tf, type Tensor} from 'gankit';
import {plain, type Plain} from './reference.js';

/** [n, ...spatial, c] -> [n, c, ...spatial]. */
export function channelsFirst(x: Tensor): Plain {
  const axes = x.rank <= 2 ? x.shape.map((_, i) => i) : [0, x.rank - 1, ...x.shape.slice(1, -1).map((_, i) => i + 1)];
  const turned = tf.transpose(x, axes);
  return plain(turned.shape, turned.dataSync());
}

/** [n, c, ...spatial] -> [n, ...spatial, c]. */
export function channelsLast({shape, data}: Plain): Tensor {
  const x = tf.tensor(Float32Array.from(data), shape);
  return shape.length <= 2 ? x : tf.transpose(x, [0, ...shape.slice(2).map((_, i) => i + 2), 1]);
}

/** A filter [...kernel, a, b] as PyTorch's [b, a, ...kernel]; vectors stay as they are. */
export function filterFirst(x: Tensor): Plain {
  if (x.rank < 3) return plain(x.shape, x.dataSync());
  const turned = tf.transpose(x, [x.rank - 1, x.rank - 2, ...x.shape.slice(0, -2).map((_, i) => i)]);
  return plain(turned.shape, turned.dataSync());
}
