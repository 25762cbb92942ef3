/**
 * Sums of tensors over the processes that train together, as operations of a training step. Two kernels do it:
 *
 * - `AllReduceBegin` begins to add its inputs up over all ranks. Its output stands for the sums that are under way, and
 *   holds nothing.
 * - `AllReduceEnd` waits for them; its outputs are the sums of the inputs.
 *
 * What is computed between the two runs beside the exchange. A step that is repeated from a recording has each
 * `AllReduceBegin` as early as its inputs are there (capture/early-calls.ts). A device may exchange by itself
 * (`DeviceCollective`); of all others the inputs are read into memory of the host, and the sums
 * uploaded, by way of no other array where tensors lie in memory of the host (`HostTensors`).
 */
import type {NamedTensorInfoMap, TensorInfo} from '@tensorflow/tfjs-core';
import type {Collective, DeviceSums, SumsUnderWay} from '../collective.js';
import type {HostTensors} from '../device.js';
import {tf, type Tensor} from '../tf.js';
import {traceExchange} from '../trace.js';
import {noGrad} from './no-grad.js';

/**
 * Floats that are sent at a time, in a bucket: of what is exchanged together a part, so that most of it travels before
 * the last is computed; 256 KiB at least, since each message has its latency, and 4 MiB at most.
 */
const bucket = {part: 1 / 8, least: 2 ** 16, most: 2 ** 20} as const;

/** Kernels that exchange with other processes: their order is the same in all, and a device cannot record them. */
export const collectiveKernels = {begin: 'AllReduceBegin', end: 'AllReduceEnd'} as const;

let current: Collective | undefined;
/** The sums that are under way, by the data of the outputs that stand for them. */
const underWay = new WeakMap<object, SumsUnderWay>();

/** The processes that train together; undefined where this one trains alone. */
export const ranks = (): Collective | undefined => current;

type Backend = ReturnType<typeof tf.backend>;

/**
 * Lets training steps exchange with other processes, on the current backend.
 * @param sums those of the device itself, where it has some
 * @returns a function that ends it
 */
export function useRanks(collective: Collective, sums: DeviceSums = hostSums(collective)): () => void {
  const backendName = tf.getBackend();
  current = collective;
  const kernels = {
    [collectiveKernels.begin]: ({inputs, backend}: {inputs: NamedTensorInfoMap; backend: Backend}): TensorInfo => {
      const dataId = backend.write(new Int32Array(1), [1], 'int32');
      underWay.set(dataId, sums.begin(Object.values(inputs) as TensorInfo[]));
      return {dataId, shape: [1], dtype: 'int32'};
    },
    [collectiveKernels.end]: ({inputs}: {inputs: NamedTensorInfoMap}): TensorInfo[] => {
      const {dataId} = inputs['sum'] as TensorInfo;
      const begun = underWay.get(dataId)!;
      underWay.delete(dataId);
      return begun.end();
    },
  };
  for (const [kernelName, kernelFunc] of Object.entries(kernels)) {
    if (tf.getKernel(kernelName, backendName)) tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({
      kernelName,
      backendName,
      kernelFunc: kernelFunc as unknown as Parameters<typeof tf.registerKernel>[0]['kernelFunc'],
    });
  }
  return () => {
    current = undefined;
    for (const name of Object.keys(kernels)) tf.unregisterKernel(name, backendName);
    sums.close();
  };
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, side) => product * side, 1);

/** Sums through memory of the host. @param host of a device that has its tensors there */
export function hostSums(collective: Collective, host?: HostTensors): DeviceSums {
  const {read, write} = host ? inPlace(host) : ofTfjs();
  /** Memory of sums that are done, by its length. */
  const free = new Map<number, Float32Array[]>();
  return {
    description: 'memory of the host',
    begin(tensors) {
      const count = tensors.reduce((sum, {shape}) => sum + sizeOf(shape), 0);
      const memory = free.get(count)?.pop() ?? collective.memory(count);
      let at = 0;
      for (const tensor of tensors) {
        memory.set(read(tensor), at);
        at += sizeOf(tensor.shape);
      }
      const work = collective.allReduce(memory);
      const shapes = tensors.map(({shape}) => shape);
      return {
        end() {
          work.wait();
          traceExchange(memory.byteLength, work);
          let from = 0;
          const outputs = shapes.map((shape) => write(memory.subarray(from, (from += sizeOf(shape))), shape));
          free.set(memory.length, [...(free.get(memory.length) ?? []), memory]);
          return outputs;
        },
      };
    },
    close: () => free.clear(),
  };
}

interface Access {
  /** The numbers of a tensor. */
  read(tensor: TensorInfo): Float32Array;
  /** A new tensor with these numbers, which the caller may overwrite afterwards. */
  write(values: Float32Array, shape: number[]): TensorInfo;
}

/** JavaScript's own arrays would be new ones in each step, and to collect them costs more than to copy. */
const inPlace = ({values, make}: HostTensors): Access => ({
  read: values,
  write(numbers, shape) {
    const made = make(shape);
    values(made).set(numbers);
    return made;
  },
});

/** Of every backend that tfjs can read from synchronously. */
function ofTfjs(): Access {
  const backend = tf.backend();
  return {
    read: ({dataId}) => backend.readSync(dataId) as Float32Array,
    write: (numbers, shape) => ({
      dataId: backend.write(new Float32Array(numbers), shape, 'float32'), // of its own: a backend may keep it
      shape,
      dtype: 'float32',
    }),
  };
}

/**
 * The sums of tensors over all ranks, as constants to gradients. The tensors go in a few large messages, in their
 * order.
 * @returns new tensors; outside of `useRanks` the same ones
 */
export function sumAllOverRanks(tensors: readonly Tensor[]): Tensor[] {
  if (!current || tensors.length === 0) return [...tensors];
  const all = tensors.reduce((sum, {size}) => sum + size, 0);
  const atOnce = Math.min(bucket.most, Math.max(bucket.least, all * bucket.part));
  const buckets: Tensor[][] = [];
  let room = 0;
  for (const tensor of tensors) {
    if (buckets.length === 0 || tensor.size > room) {
      buckets.push([]);
      room = atOnce;
    }
    buckets.at(-1)!.push(tensor);
    room -= tensor.size;
  }
  const engine = tf.engine();
  const begun = buckets.map((together) =>
    engine.runKernel<Tensor>(
      collectiveKernels.begin,
      Object.fromEntries(together.map((tensor, i) => [`x${i}`, tensor])),
    ),
  );
  return begun.flatMap((sum) => {
    const outputs = engine.runKernel<Tensor[]>(collectiveKernels.end, {sum});
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
