import {axes, axis, number, numbers, pairs, sizes, Unsupported} from '../../graph/attributes.js';
import type {GraphId, GraphNode, GraphSize} from '../../../../plugin/index.js';
import {arrange, asStored, between, channelsFirst, without, withFirst} from '../../graph/layouts.js';
import type {OnnxBuilder, Operators} from '../builder.js';

const last = Number.MAX_SAFE_INTEGER;

/** The values of `id` as `shape`; channels first at once where that changes no order. */
function reshape(b: OnnxBuilder, id: GraphId, result: GraphId): void {
  const stored = asStored(b.rank(id));
  const {name, layout} = b.any(id);
  const source = b.isOrderKept(id, layout, stored) ? name : b.in(id, stored);
  const rank = b.rank(result);
  const wanted = b.isOrderKept(result, asStored(rank), channelsFirst(rank)) ? channelsFirst(rank) : asStored(rank);
  b.place(result, b.op('Reshape', [source, b.target(arrange(b.shape(result), wanted))]), wanted);
}

/** One number for each axis, in the library's order, for an operator of the value's layout. */
const perAxis = <T>(b: OnnxBuilder, id: GraphId, values: readonly T[]): T[] => arrange(values, b.any(id).layout);

function slice(b: OnnxBuilder, node: GraphNode): void {
  const x = node.inputs['x']!;
  const {name, layout} = b.any(x);
  const shape = b.shape(x);
  const begin = sizes(node.attrs['begin']);
  const size = sizes(node.attrs['size']);
  const cut = layout.filter((i) => begin[i] !== undefined && !isWhole(begin[i], size[i]!, shape[i]!));
  const starts = cut.map((i) => number(begin[i]));
  const ends = cut.map((i, at) => (size[i] === -1 ? last : starts[at]! + number(size[i])));
  const result =
    cut.length === 0
      ? name
      : b.op('Slice', [name, b.int64(starts), b.int64(ends), b.int64(cut.map((i) => layout.indexOf(i)))]);
  b.place(node.outputs[0]!, result, layout);
}

const isWhole = (begin: GraphSize, size: GraphSize, of: GraphSize): boolean =>
  begin === 0 && (size === -1 || JSON.stringify(size) === JSON.stringify(of));

function concat(b: OnnxBuilder, {inputs, attrs, outputs}: GraphNode): void {
  const ids = Object.values(inputs);
  const {layout} = b.any(ids.find((id) => !b.isConstant(id))!);
  const at = layout.indexOf(axis(attrs['axis'], layout.length));
  b.place(
    outputs[0]!,
    b.op(
      'Concat',
      ids.map((id) => b.in(id, layout)),
      {axis: at},
    ),
    layout,
  );
}

function split(b: OnnxBuilder, {inputs, attrs, outputs}: GraphNode): void {
  const x = inputs['x']!;
  const {name, layout} = b.any(x);
  const along = axis(attrs['axis'], layout.length);
  const lengths = outputs.map((id) => number(b.shape(id)[along]));
  b.ops('Split', [name, b.int64(lengths)], {axis: layout.indexOf(along)}, outputs.length).forEach((part, i) =>
    b.place(outputs[i]!, part, layout),
  );
}

/** The new axis comes first here, so that no layout is in the way. */
function pack(b: OnnxBuilder, {inputs, attrs, outputs}: GraphNode): void {
  const ids = Object.values(inputs);
  const {layout} = b.any(ids.find((id) => !b.isConstant(id))!);
  const parts = ids.map((id) => b.op('Unsqueeze', [b.in(id, layout), b.int64([0])]));
  b.place(outputs[0]!, b.op('Concat', parts, {axis: 0}), withFirst(layout, axis(attrs['axis'], layout.length + 1)));
}

function unpack(b: OnnxBuilder, {inputs, attrs, outputs}: GraphNode): void {
  const {name, layout} = b.any(inputs['value']!);
  const along = axis(attrs['axis'], layout.length);
  const at = layout.indexOf(along);
  const parts = b.ops('Split', [name, b.int64(outputs.map(() => 1))], {axis: at}, outputs.length);
  parts.forEach((part, i) => b.place(outputs[i]!, b.op('Squeeze', [part, b.int64([at])]), without(layout, [along])));
}

function pad(mode: (node: GraphNode) => {mode: string; value?: number}) {
  return (b: OnnxBuilder, node: GraphNode): void => {
    const x = node.inputs['x']!;
    const {name, layout} = b.any(x);
    const widths = perAxis(b, x, pairs(node.attrs['paddings']));
    const kind = mode(node);
    const value = kind.value === undefined ? [] : [b.scalar(kind.value)];
    b.place(
      node.outputs[0]!,
      b.op(
        'Pad',
        [name, b.int64([...widths.map(([before]) => before), ...widths.map(([, after]) => after)]), ...value],
        {mode: kind.mode},
      ),
      layout,
    );
  };
}

export const rearranging: Operators = {
  Reshape: (b, {inputs, outputs}) => reshape(b, inputs['x']!, outputs[0]!),
  ExpandDims: (b, {inputs, outputs}) => reshape(b, inputs['input']!, outputs[0]!),
  Transpose: (b, {inputs, attrs, outputs}) => {
    const {name, layout} = b.any(inputs['x']!);
    b.place(outputs[0]!, name, between(numbers(attrs['perm']), layout));
  },
  Slice: slice,
  Concat: concat,
  SplitV: split,
  Pack: pack,
  Unpack: unpack,
  Tile: (b, {inputs, attrs, outputs}) => {
    const x = inputs['x']!;
    b.place(
      outputs[0]!,
      b.op('Tile', [b.any(x).name, b.int64(perAxis(b, x, numbers(attrs['reps'])))]),
      b.any(x).layout,
    );
  },
  Reverse: (b, {inputs, attrs, outputs}) => {
    const {name, layout} = b.any(inputs['x']!);
    const along = axes(attrs['dims'], layout.length);
    const all = (value: number): string => b.int64(along.map(() => value));
    b.place(
      outputs[0]!,
      b.op('Slice', [name, all(-1), all(-last), b.int64(along.map((each) => layout.indexOf(each))), all(-1)]),
      layout,
    );
  },
  PadV2: pad(({attrs}) => ({mode: 'constant', value: number(attrs['constantValue'] ?? 0)})),
  MirrorPad: pad(({attrs}) => {
    if (attrs['mode'] !== 'reflect') throw new Unsupported('padding that repeats the border');
    return {mode: 'reflect'};
  }),
  DepthToSpace: (b, {inputs, attrs, outputs}) => {
    const x = inputs['x']!;
    if (attrs['dataFormat'] !== 'NHWC') throw new Unsupported('images with the channels first');
    b.place(
      outputs[0]!,
      b.op('DepthToSpace', [b.in(x, channelsFirst(4))], {blocksize: number(attrs['blockSize']), mode: 'DCR'}),
      channelsFirst(4),
    );
  },
};
