import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {NamedAttrMap, TensorInfo} from '@tensorflow/tfjs-core';
import {dispatch, int, workgroupsFor, type Shader, type Uniforms} from '../dispatch.js';
import type {Kernel} from '../kernel.js';
import {filterGradient, forward, inputGradient, places, side, total, type Kind} from './grouped-conv-shaders.js';

type Pair = [rows: number, columns: number];

/** Those of src/backends/fused/grouped-conv.ts of gan. */
interface Attrs {
  groups: number;
  stride: Pair;
  dilation: Pair;
  padding: Pair;
  inSize: Pair;
  kernelSize: Pair;
  outSize: Pair;
}

/** Workgroups that keep a GPU busy, as long as each has lines enough for its threads. */
const enoughGroups = 512;

/** The sizes of a convolution, and the kind of shader for them. */
function plan(attrs: NamedAttrMap, batch: number, ins: number, outs: number) {
  const {groups, stride, dilation, padding, inSize, kernelSize, outSize} = attrs as unknown as Attrs;
  const each = ins === groups && outs === groups;
  const inFours = (ins / groups) % 4 === 0 && (outs / groups) % 4 === 0;
  const kind: Kind = !each && inFours ? 'fours' : 'lanes';
  const element: Shader['element'] = each ? (groups % 4 === 0 ? 'vec4f' : 'f32') : inFours ? 'vec4f' : 'f32';
  const width = element === 'vec4f' ? 4 : 1;
  const [groupIn, groupOut] = each ? [1, 1] : [ins / groups / width, outs / groups / width];
  const lines = batch * outSize[0];
  const numbers = kernelSize[0] * kernelSize[1] * (ins / groups) * outs;
  /** Lanes of the filter's gradient that a thread has one of, in four sums or in one. */
  const columns = numbers / width / (kind === 'fours' ? 4 : 1);
  const columnGroups = Math.ceil(columns / side);
  const blocks = Math.max(1, Math.min(Math.ceil(lines / side), Math.floor(enoughGroups / columnGroups)));
  const blockLines = Math.ceil(lines / blocks);
  const uniforms: Uniforms = {
    inHeight: int(inSize[0]),
    inWidth: int(inSize[1]),
    inLanes: int(ins / width),
    outHeight: int(outSize[0]),
    outWidth: int(outSize[1]),
    outLanes: int(outs / width),
    filterHeight: int(kernelSize[0]),
    filterWidth: int(kernelSize[1]),
    strideHeight: int(stride[0]),
    strideWidth: int(stride[1]),
    dilationHeight: int(dilation[0]),
    dilationWidth: int(dilation[1]),
    top: int(padding[0]),
    left: int(padding[1]),
    groupIn: int(groupIn),
    groupOut: int(groupOut),
    lines: int(lines),
    blockLines: int(blockLines),
  };
  return {
    kind,
    element,
    uniforms,
    blocks: Math.ceil(lines / blockLines),
    columnGroups,
    width,
    numbers,
    inShape: [batch, ...inSize, ins],
    outShape: [batch, ...outSize, outs],
    filterShape: [...kernelSize, ins / groups, outs],
  };
}

type Plan = ReturnType<typeof plan>;

/** One thread for some neighbours of each lane of the result. */
function overImages(
  backend: WebGPUBackend,
  shader: Shader,
  {uniforms, width}: Plan,
  reads: TensorInfo[],
  shape: number[],
): TensorInfo {
  const [batch, height, columns, channels] = shape as [number, number, number, number];
  const result = backend.makeTensorInfo(shape, 'float32');
  const count = batch * height * Math.ceil(columns / places) * (channels / width);
  dispatch(backend, shader, {
    reads,
    writes: [result],
    uniforms: {...uniforms, count: int(count)},
    workgroups: workgroupsFor(count, backend),
  });
  return result;
}

const groupedConv: Kernel = {
  name: 'GroupedConv2D',
  compute(inputs, {backend, attrs}) {
    const {x, filter} = inputs as unknown as Record<'x' | 'filter', TensorInfo>;
    const made = plan(attrs, x.shape[0]!, x.shape[3]!, filter.shape[3]!);
    return overImages(backend, forward(made.kind, made.element), made, [x, filter], made.outShape);
  },
};

const backpropInput: Kernel = {
  name: 'GroupedConv2DBackpropInput',
  compute(inputs, {backend, attrs}) {
    const {dy, filter} = inputs as unknown as Record<'dy' | 'filter', TensorInfo>;
    const ins = filter.shape[2]! * (attrs as unknown as Attrs).groups;
    const made = plan(attrs, dy.shape[0]!, ins, dy.shape[3]!);
    return overImages(backend, inputGradient(made.kind, made.element), made, [dy, filter], made.inShape);
  },
};

const backpropFilter: Kernel = {
  name: 'GroupedConv2DBackpropFilter',
  compute(inputs, {backend, attrs}) {
    const {x, dy} = inputs as unknown as Record<'x' | 'dy', TensorInfo>;
    const made = plan(attrs, x.shape[0]!, x.shape[3]!, dy.shape[3]!);
    const {kind, element, uniforms, blocks, columnGroups, numbers, width, filterShape} = made;
    const dFilter = backend.makeTensorInfo(filterShape, 'float32');
    const partial = blocks === 1 ? dFilter : backend.makeTensorInfo([blocks, numbers], 'float32');
    dispatch(backend, filterGradient(kind, element), {
      reads: [x, dy],
      writes: [partial],
      uniforms: {...uniforms, count: int(0)},
      workgroups: [columnGroups, blocks],
    });
    if (blocks === 1) return dFilter;
    const count = numbers / width;
    dispatch(backend, total(element), {
      reads: [partial],
      writes: [dFilter],
      uniforms: {count: int(count), blocks: int(blocks)},
      workgroups: workgroupsFor(count, backend),
    });
    backend.disposeData(partial.dataId);
    return dFilter;
  },
};

/** Convolution in groups and its gradients: one dispatch for all groups. */
export const groupedConvKernels: readonly Kernel[] = [groupedConv, backpropInput, backpropFilter];
