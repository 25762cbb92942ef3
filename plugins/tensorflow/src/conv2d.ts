import type {Conv2DBackpropFilterAttrs, Conv2DBackpropInputAttrs, TensorInfo} from '@tensorflow/tfjs-core';
import type {Gan} from 'gankit/plugin';
import type {Kernel, NodeBackend} from './kernel.js';

type Tf = Gan['tf'];
type Attrs = Pick<Conv2DBackpropInputAttrs, 'strides' | 'pad' | 'dataFormat' | 'dimRoundingMode'>;
type Shape4D = [number, number, number, number];

/** The gradients of a convolution: the stock ones take no numbers as padding, TensorFlow does. */
export function convolutionGradients(tf: Tf): Kernel[] {
  return [
    {
      name: 'Conv2DBackpropInput',
      compute({dy, filter}, attrs, backend) {
        const {inputShape} = attrs as unknown as Conv2DBackpropInputAttrs;
        return gradient(
          tf,
          backend,
          'Conv2DBackpropInput',
          inputShape,
          filter!.shape,
          attrs as unknown as Attrs,
          inputShape,
          [filter!, dy!],
        );
      },
    },
    {
      name: 'Conv2DBackpropFilter',
      compute({x, dy}, attrs, backend) {
        const {filterShape} = attrs as unknown as Conv2DBackpropFilterAttrs;
        return gradient(
          tf,
          backend,
          'Conv2DBackpropFilter',
          x!.shape,
          filterShape,
          attrs as unknown as Attrs,
          filterShape,
          [x!, dy!],
        );
      },
    },
  ];
}

/** Both take the wanted shape as a tensor: the one before the other operand of the forward pass, the other after it. */
function gradient(
  tf: Tf,
  backend: NodeBackend,
  name: 'Conv2DBackpropInput' | 'Conv2DBackpropFilter',
  inShape: number[],
  filterShape: number[],
  {strides, pad, dataFormat, dimRoundingMode}: Attrs,
  wanted: number[],
  [operand, dy]: [TensorInfo, TensorInfo],
): TensorInfo {
  const format = tf.backend_util.convertConv2DDataFormat(dataFormat);
  const {padInfo, strideHeight, strideWidth} = tf.backend_util.computeConv2DInfo(
    inShape as Shape4D,
    filterShape as Shape4D,
    strides,
    1,
    pad,
    dimRoundingMode,
    false,
    format,
  );
  const {binding} = backend;
  const sides = [
    [0, 0],
    [padInfo.top, padInfo.bottom],
    [padInfo.left, padInfo.right],
    [0, 0],
  ];
  const inOrder = (values: number[][]): number[] =>
    (dataFormat === 'NCHW' ? [values[0]!, values[3]!, values[1]!, values[2]!] : values).flat();
  const shape = tf.tensor1d(wanted, 'int32');
  try {
    return backend.executeSingleOutput(
      name,
      [
        {name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT},
        {name: 'strides', type: binding.TF_ATTR_INT, value: inOrder([[1], [strideHeight], [strideWidth], [1]])},
        {name: 'padding', type: binding.TF_ATTR_STRING, value: 'EXPLICIT'},
        {name: 'explicit_paddings', type: binding.TF_ATTR_INT, value: inOrder(sides)},
        {name: 'data_format', type: binding.TF_ATTR_STRING, value: dataFormat},
        {name: 'use_cudnn_on_gpu', type: binding.TF_ATTR_BOOL, value: true},
        {name: 'dilations', type: binding.TF_ATTR_INT, value: [1, 1, 1, 1]},
      ],
      name === 'Conv2DBackpropInput' ? [shape, operand, dy] : [operand, shape, dy],
    );
  } finally {
    shape.dispose();
  }
}
