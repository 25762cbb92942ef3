import type {TensorInfo} from '@tensorflow/tfjs-core';
import {dispatch, int, threadForEach, workgroupsFor, type Shader, type Uniforms} from '../dispatch.js';
import type {Context} from '../kernel.js';
import type {Element} from './activation.js';

/** A shader with a thread for each number of its result, or for four of them; tensors that are read are of its size. */
export interface Pointwise {
  /** Name for Dawn's messages; unique. */
  name: string;
  reads: readonly string[];
  /** Numbers that the expression uses, f32. */
  numbers: readonly string[];
  /** WGSL: functions that it calls. */
  functions: (element: Element) => string;
  /** WGSL: element i of the result. */
  expression: string;
}

const elements = ['f32', 'vec4f'] as const;

/** The shaders for single numbers and for four at a time. */
export function pointwise({name, reads, numbers, functions, expression}: Pointwise): Record<Element, Shader> {
  const shaderOf = (element: Element): Shader => ({
    name: `${name} ${element}`,
    element,
    writes: ['y'],
    reads,
    uniforms: [['count', 'i32'], ...numbers.map((number): [string, 'f32'] => [number, 'f32'])],
    code: `${functions(element)}
${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  y[i] = ${expression};
}`,
  });
  return Object.fromEntries(elements.map((element) => [element, shaderOf(element)])) as Record<Element, Shader>;
}

/** Runs one of them; the result has the shape of the first tensor. */
export function runPointwise(
  {backend}: Pick<Context, 'backend'>,
  shaders: Record<Element, Shader>,
  reads: readonly [TensorInfo, ...TensorInfo[]],
  numbers: Uniforms,
): TensorInfo {
  const [{shape}] = reads;
  const size = shape.reduce((product, n) => product * n, 1);
  const [element, count] = size % 4 === 0 ? (['vec4f', size / 4] as const) : (['f32', size] as const);
  const y = backend.makeTensorInfo(shape, 'float32');
  dispatch(backend, shaders[element], {
    reads,
    writes: [y],
    uniforms: {count: int(count), ...numbers},
    workgroups: workgroupsFor(count, backend),
  });
  return y;
}
