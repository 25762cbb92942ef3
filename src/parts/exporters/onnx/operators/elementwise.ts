import {number} from '../../graph/attributes.js';
import type {GraphNode} from '../../../../plugin/index.js';
import {asStored} from '../../graph/layouts.js';
import type {OnnxBuilder, Operators} from '../builder.js';
import type {OnnxAttribute} from '../model.js';

type Unary = (b: OnnxBuilder, x: string, node: GraphNode) => string;

/** A function of each element; the layout stays. */
const unary =
  (make: Unary) =>
  (b: OnnxBuilder, node: GraphNode): void => {
    const {name, layout} = b.any(Object.values(node.inputs)[0]!);
    b.place(node.outputs[0]!, make(b, name, node), layout);
  };
const named = (op: string, attrs: (node: GraphNode) => Record<string, OnnxAttribute> = () => ({})) =>
  unary((b, x, node) => b.op(op, [x], attrs(node)));

/** A function of two or more values, the smaller ones broadcast. */
export const broadcasting =
  (make: (b: OnnxBuilder, operands: string[]) => string) =>
  (b: OnnxBuilder, node: GraphNode): void => {
    const ids = Object.values(node.inputs);
    const rank = Math.max(...ids.map((id) => b.rank(id)));
    const widest = ids.filter((id) => b.rank(id) === rank);
    const first = widest.find((id) => !b.isConstant(id));
    const layout = first === undefined ? asStored(rank) : b.any(first).layout;
    b.place(
      node.outputs[0]!,
      make(
        b,
        ids.map((id) => b.broadcast(id, layout)),
      ),
      layout,
    );
  };
const binary = (op: string) => broadcasting((b, operands) => b.op(op, operands));

export const elementwise: Operators = {
  Abs: named('Abs'),
  Ceil: named('Ceil'),
  Cos: named('Cos'),
  Elu: named('Elu'),
  Erf: named('Erf'),
  Exp: named('Exp'),
  Floor: named('Floor'),
  LeakyRelu: named('LeakyRelu', ({attrs}) => ({alpha: {float: number(attrs['alpha'])}})),
  Log: named('Log'),
  Neg: named('Neg'),
  Reciprocal: named('Reciprocal'),
  Relu: named('Relu'),
  Round: named('Round'),
  Selu: named('Selu'),
  Sigmoid: named('Sigmoid'),
  Sign: named('Sign'),
  Sin: named('Sin'),
  Softplus: named('Softplus'),
  Sqrt: named('Sqrt'),
  Tanh: named('Tanh'),
  ClipByValue: unary((b, x, {attrs}) =>
    b.op('Clip', [x, b.scalar(number(attrs['clipValueMin'])), b.scalar(number(attrs['clipValueMax']))]),
  ),
  Expm1: unary((b, x) => b.op('Sub', [b.op('Exp', [x]), b.scalar(1)])),
  Log1p: unary((b, x) => b.op('Log', [b.op('Add', [x, b.scalar(1)])])),
  Relu6: unary((b, x) => b.op('Clip', [x, b.scalar(0), b.scalar(6)])),
  Rsqrt: unary((b, x) => b.op('Reciprocal', [b.op('Sqrt', [x])])),
  Square: unary((b, x) => b.op('Mul', [x, x])),
  ZerosLike: unary((b, x) => b.op('Mul', [x, b.scalar(0)])),
  Identity: unary((_, x) => x),
  Cast: unary((b, x, {outputs}) => b.op('Cast', [x], {to: {float32: 1, int32: 6}[b.dtype(outputs[0]!)] ?? 9})),

  Add: binary('Add'),
  Sub: binary('Sub'),
  Multiply: binary('Mul'),
  RealDiv: binary('Div'),
  Pow: binary('Pow'),
  Maximum: binary('Max'),
  Minimum: binary('Min'),
  Prelu: binary('PRelu'),
  Greater: binary('Greater'),
  GreaterEqual: binary('GreaterOrEqual'),
  Less: binary('Less'),
  LessEqual: binary('LessOrEqual'),
  Select: binary('Where'),
  AddN: broadcasting((b, operands) => b.op('Sum', operands)),
  SquaredDifference: broadcasting((b, operands) => {
    const difference = b.op('Sub', operands);
    return b.op('Mul', [difference, difference]);
  }),
};
