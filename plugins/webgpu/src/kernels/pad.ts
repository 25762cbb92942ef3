import type {PadV2Attrs, TensorInfo} from '@tensorflow/tfjs-core';
import type {Kernel} from '../kernel.js';

/** WGSL has vectors of four elements at most; the stock kernel indexes one for all axes. */
const mostAxes = 4;

const size = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Tensors of more axes are padded one axis after the other, seen as [what is before, the axis, what is after]. */
export const pad: Kernel = {
  name: 'PadV2',
  compute(inputs, {backend, attrs, stock}) {
    const {x} = inputs as {x: TensorInfo};
    const {paddings, constantValue} = attrs as unknown as PadV2Attrs;
    if (x.shape.length <= mostAxes) return stock({x});
    const axes = paddings.flatMap(([before, after], axis) => (before + after > 0 ? [axis] : []));
    const step = (now: TensorInfo, axis: number): TensorInfo => {
      const shape = [size(now.shape.slice(0, axis)), now.shape[axis]!, size(now.shape.slice(axis + 1))];
      const [before, after] = paddings[axis]!;
      const {dataId, dtype} = stock(
        {x: {...now, shape}},
        {
          paddings: [
            [0, 0],
            [before, after],
            [0, 0],
          ],
          constantValue,
        },
      );
      return {dataId, dtype, shape: now.shape.map((n, i) => (i === axis ? n + before + after : n))};
    };
    return (axes.length === 0 ? [0] : axes).reduce((now, axis) => {
      const padded = step(now, axis);
      if (now !== x) backend.disposeData(now.dataId);
      return padded;
    }, x);
  },
};
