/** A captured step: which kernels ran on which data. Data has numbers, in the order in which the step met it. */
import type {DataId, DataType, NamedAttrMap, TypedArray} from '@tensorflow/tfjs-core';
import type {Variable} from '../tf.js';

/** A tensor: some data, and how it is looked at. */
export interface View {
  slot: number;
  shape: number[];
  dtype: DataType;
}

/** The origin of data. */
export type Origin =
  | {kind: 'kernel'}
  /** The value of the variable before the step. */
  | {kind: 'variable'; variable: Variable}
  /** The tensor that was given to the step, by its index. */
  | {kind: 'given'; index: number; shape: number[]; dtype: DataType}
  /** Computed by the host in each step; `host` is its place in the step's list. */
  | {kind: 'per-step'; host: number; shape: number[]}
  /** Uploaded, the same in each step. */
  | {kind: 'constant'; values: TypedArray; shape: number[]; dtype: DataType}
  /** Another tensor, which was there before the step and stays. */
  | {kind: 'outside'; dataId: DataId};

export interface KernelCall {
  name: string;
  /** Inputs by name, or in a list (AddN, Concat). */
  inputs: Record<string, View | undefined> | (View | undefined)[];
  attrs: NamedAttrMap | undefined;
  /** Those that share their data with an input (`shared`) count one reference more on it. */
  outputs: (View & {shared: boolean})[];
}

export interface CapturedStep {
  /** Indexed by slot. */
  origins: Origin[];
  calls: KernelCall[];
  /** The work of the host, in order. An entry whose values go to a slot has a function that returns them. */
  host: (() => Float32Array | void)[];
  /** New values of variables; `after` that many calls. */
  assignments: {variable: Variable; view: View; after: number}[];
  results: View[];
}

export const inputsOf = ({inputs}: KernelCall): View[] =>
  Object.values(inputs).filter((view): view is View => view !== undefined);

/** Why two captures are not of one and the same step; undefined when they are. */
export function difference(a: CapturedStep, b: CapturedStep): string | undefined {
  if (a.calls.length !== b.calls.length)
    return `it has ${a.calls.length} kernels one time and ${b.calls.length} the next`;
  const call = a.calls.findIndex((one, i) => textOf(one) !== textOf(b.calls[i]!));
  if (call >= 0) return `its kernel ${call} (${a.calls[call]!.name}) is not the same each time`;
  if (a.origins.length !== b.origins.length || a.host.length !== b.host.length)
    return 'its inputs are not the same each time';
  const slot = a.origins.findIndex((origin, i) => !sameOrigin(origin, b.origins[i]!));
  if (slot >= 0)
    return a.origins[slot]!.kind === 'constant'
      ? 'it uploads other values each time'
      : 'its inputs are not the same each time';
  const ends = ({assignments, results}: CapturedStep): string =>
    textOf([assignments.map(({variable, view, after}) => [variable.id, view, after]), results]);
  return ends(a) === ends(b) ? undefined : 'what it leaves is not the same each time';
}

/** JSON, with numbers that JSON lacks. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'number' && !Number.isFinite(part) ? String(part) : part,
  );

function sameOrigin(a: Origin, b: Origin): boolean {
  if (a.kind === 'variable') return b.kind === 'variable' && a.variable === b.variable;
  if (a.kind === 'outside') return b.kind === 'outside' && a.dataId === b.dataId;
  if (a.kind === 'constant')
    return (
      b.kind === 'constant' && a.dtype === b.dtype && a.shape.join() === b.shape.join() && sameBytes(a.values, b.values)
    );
  return textOf(a) === textOf(b);
}

function sameBytes(a: TypedArray, b: TypedArray): boolean {
  const [left, right] = [a, b].map(({buffer, byteOffset, byteLength}) =>
    Buffer.from(buffer, byteOffset, byteLength),
  ) as [Buffer, Buffer];
  return left.equals(right);
}
