/**
 * Sums of tensors over the processes that train together, as operations of a training step. Two kernels do it:
 *
 * - `AllReduceBegin` copies its inputs into one stretch of memory of the host, and begins to add it up over all ranks.
 *   Its output stands for the sum that is under way, and holds nothing.
 * - `AllReduceEnd` waits for that sum; its outputs are those of the inputs.
 *
 * What is computed between the two runs beside the exchange. A step that is repeated from a recording has each
 * `AllReduceBegin` as early as its inputs are there (capture/early-calls.ts). Both kernels are of the host: they serve
 * every backend that tfjs can read from synchronously.
 */
import type {NamedTensorInfoMap, TensorInfo} from '@tensorflow/tfjs-core';
import type {Collective, Work} from '../collective.js';
import {tf, type Tensor} from '../tf.js';
import {noGrad} from './no-grad.js';

/** Floats that are sent at a time: 4 MiB. */
const bucketFloats = 2 ** 20;

/** Kernels that exchange with other processes: their order is the same in all, and a device cannot record them. */
export const collectiveKernels = {begin: 'AllReduceBegin', end: 'AllReduceEnd'} as const;

let current: Collective | undefined;
/** Memory of sums that are done, by its length. */
const free = new Map<number, Float32Array[]>();
/** The sums that are under way, by the data of the outputs that stand for them. */
const underWay = new WeakMap<object, {work: Work; memory: Float32Array}>();

/** The processes that train together; undefined where this one trains alone. */
export const ranks = (): Collective | undefined => current;

/**
 * Lets training steps exchange with other processes, on the current backend.
 * @returns a function that ends it
 */
export function useRanks(collective: Collective): () => void {
  const backendName = tf.getBackend();
  const {begin, end} = collectiveKernels;
  current = collective;
  for (const [kernelName, kernelFunc] of [
    [begin, beginSum],
    [end, endSum],
  ] as const) {
    if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: kernelFunc as Parameters<typeof tf.registerKernel>[0]['kernelFunc'],
    });
  }
  return () => {
    current = undefined;
    free.clear();
    for (const name of [begin, end]) tf.unregisterKernel(name, backendName);
  };
}

type Backend = ReturnType<typeof tf.backend>;

const read = (backend: Backend, {dataId}: TensorInfo): Float32Array => backend.readSync(dataId) as Float32Array;

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

function beginSum({inputs, backend}: {inputs: NamedTensorInfoMap; backend: Backend}): TensorInfo {
  const tensors = Object.values(inputs) as TensorInfo[];
  const count = tensors.reduce((sum, {shape}) => sum + sizeOf(shape), 0);
  const memory = free.get(count)?.pop() ?? current!.memory(count);
  let at = 0;
  for (const tensor of tensors) {
    memory.set(read(backend, tensor), at);
    at += sizeOf(tensor.shape);
  }
  const dataId = backend.write(new Int32Array(1), [1], 'int32');
  underWay.set(dataId, {work: current!.allReduce(memory), memory});
  return {dataId, shape: [1], dtype: 'int32'};
}

function endSum({
  inputs,
  attrs,
  backend,
}: {
  inputs: NamedTensorInfoMap;
  attrs: {shapes: number[][]};
  backend: Backend;
}): TensorInfo[] {
  const {dataId} = inputs['sum'] as TensorInfo;
  const {work, memory} = underWay.get(dataId)!;
  underWay.delete(dataId);
  work.wait();
  let at = 0;
  const outputs = attrs.shapes.map((shape): TensorInfo => {
    const size = sizeOf(shape);
    const values = new Float32Array(memory.subarray(at, at + size)); // of its own: a backend may keep it
    at += size;
    return {dataId: backend.write(values, shape, 'float32'), shape, dtype: 'float32'};
  });
  free.set(memory.length, [...(free.get(memory.length) ?? []), memory]);
  return outputs;
}

/**
 * The sums of tensors over all ranks, as constants to gradients. The tensors go in a few large messages, in their
 * order.
 * @returns new tensors; outside of `useRanks` the same ones
 */
export function sumAllOverRanks(tensors: readonly Tensor[]): Tensor[] {
  if (!current || tensors.length === 0) return [...tensors];
  const buckets: Tensor[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    if (buckets.length === 0 || tensor.size > room) {
      buckets.push([]);
      room = bucketFloats;
    }
    buckets.at(-1)!.push(tensor);
    room -= tensor.size;
  }
  const engine = tf.engine();
  const begun = buckets.map((bucket) =>
    engine.runKernel<Tensor>(collectiveKernels.begin, Object.fromEntries(bucket.map((tensor, i) => [`x${i}`, tensor]))),
  );
  return begun.flatMap((sum, i) => {
    const shapes = buckets[i]!.map(({shape}) => shape);
    const outputs = engine.runKernel<Tensor[]>(collectiveKernels.end, {sum}, {shapes});
    sum.dispose();
    return outputs;
  });
}

/**
 * The sum of a tensor over all ranks; with one rank the tensor itself. It has derivatives of every order, of the sum of
 * what all ranks compute from it: so the ranks together differentiate like one process that has all of the batch.
 */
export function sumOverRanks<T extends Tensor>(x: T): T {
  if (!current) return x;
  const operation = tf.customGrad((value: unknown) => ({
    value: noGrad(() => sumAllOverRanks([value as Tensor])[0]!),
    gradFunc: (dy: Tensor) => sumOverRanks(dy),
  }));
  return operation(x) as T;
}
