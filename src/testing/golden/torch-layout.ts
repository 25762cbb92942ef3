import {tf, type Tensor} from '../../backends/tf.js';
import type {StateDict, StateTensor} from '../../gan/module.js';

/** [n, c, ...spatial] as recorded -> [n, ...spatial, c]; vectors stay as they are. */
export function channelsLast({data, shape}: StateTensor): Tensor {
  return tf.tidy(() => {
    const x = tf.tensor(data as Float32Array, shape);
    return shape.length <= 2 ? x : tf.transpose(x, [0, ...shape.slice(2).map((_, i) => i + 2), 1]);
  });
}

/** The values of [n, ...spatial, c] in the order of [n, c, ...spatial]. */
export async function channelsFirst(x: Tensor): Promise<Float32Array> {
  const turned =
    x.rank <= 2 ? tf.clone(x) : tf.transpose(x, [0, x.rank - 1, ...x.shape.slice(1, -1).map((_, i) => i + 1)]);
  const values = (await turned.data()) as Float32Array;
  turned.dispose();
  return values;
}

/** The tensors whose names begin with `prefix`, without it. */
export function withPrefix(tensors: StateDict, prefix: string): StateDict {
  return new Map(
    [...tensors]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, tensor]) => [name.slice(prefix.length), tensor]),
  );
}

/** One step of a recording of many: the `index`-th slice along the first axis. */
export function sliceOf({data, shape, dtype}: StateTensor, index: number): StateTensor {
  const [, ...rest] = shape;
  const length = rest.reduce((a, b) => a * b, 1);
  return {dtype, shape: rest, data: data.slice(index * length, (index + 1) * length)};
}
