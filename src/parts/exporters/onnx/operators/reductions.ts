import {axes, axis} from '../../graph/attributes.js';
import type {GraphNode} from '../../../../plugin/index.js';
import {asStored, without} from '../../graph/layouts.js';
import type {OnnxBuilder, Operators} from '../builder.js';

/** Since opset 13 the axes of a sum are an input, those of the others an attribute. */
const reduction =
  (op: string) =>
  (b: OnnxBuilder, {inputs, attrs, outputs}: GraphNode): void => {
    const {name, layout} = b.any(inputs['x']!);
    const along = axes(attrs['axis'] ?? attrs['reductionIndices'], layout.length);
    const places = along.map((each) => layout.indexOf(each));
    const keepdims = attrs['keepDims'] === true ? 1 : 0;
    const result =
      op === 'ReduceSum' ? b.op(op, [name, b.int64(places)], {keepdims}) : b.op(op, [name], {axes: places, keepdims});
    b.place(outputs[0]!, result, keepdims ? layout : without(layout, along));
  };

function softmax(b: OnnxBuilder, {inputs, attrs, outputs}: GraphNode): void {
  const {name, layout} = b.any(inputs['logits']!);
  b.place(outputs[0]!, b.op('Softmax', [name], {axis: layout.indexOf(axis(attrs['dim'], layout.length))}), layout);
}

/** `value` with its last two axes exchanged, where the product wants it so. */
function matMul(b: OnnxBuilder, {inputs, attrs, outputs}: GraphNode): void {
  const operand = (key: 'a' | 'b', transpose: boolean): string => {
    const rank = b.rank(inputs[key]!);
    const stored = asStored(rank);
    return b.in(inputs[key]!, transpose ? [...stored.slice(0, -2), rank - 1, rank - 2] : stored);
  };
  const names = [operand('a', attrs['transposeA'] === true), operand('b', attrs['transposeB'] === true)];
  b.place(outputs[0]!, b.op('MatMul', names), asStored(b.rank(outputs[0]!)));
}

export const reductions: Operators = {
  Sum: reduction('ReduceSum'),
  Mean: reduction('ReduceMean'),
  Max: reduction('ReduceMax'),
  Min: reduction('ReduceMin'),
  Prod: reduction('ReduceProd'),
  Softmax: softmax,
  BatchMatMul: matMul,
};
