/** Finds the convolutions and matrix products of a training, and measures the speed of each one alone. */
import type {Device} from '../../backends/device.js';
import {observeKernels} from '../../backends/kernel-calls.js';
import {tf, type Tensor} from '../../backends/tf.js';

type Attributes = Parameters<ReturnType<typeof tf.engine>['runKernel']>[2];

/** A kernel as it was called, and how often. */
export interface Call {
  name: string;
  shapes: Record<string, number[]>;
  attributes: Attributes;
  count: number;
}

export interface Shape {
  title: string;
  kind: 'conv' | 'matmul';
  /** Part of the multiplications and additions of all such calls. */
  share: number;
  /** GFLOP/s, once. */
  measure(device: Device): Promise<number>;
}

/**
 * Shapes of each kernel that are measured: forward, and backward to inputs and to filters, have kernels of their own.
 */
const shapesPerKernel = 2;
/** A single measurement takes at least so long, so that waiting for the device does not count. */
const leastMs = 30;
const mostRepetitions = 200;

const kinds: Record<string, Shape['kind']> = {
  Conv2D: 'conv',
  Conv2DBackpropInput: 'conv',
  Conv2DBackpropFilter: 'conv',
  BatchMatMul: 'matmul',
};

/** Counts calls of these kernels, replayed ones too, until the function that is returned is called; it gives them. */
export function countCalls(): () => Call[] {
  const calls = new Map<string, Call>();
  const stop = observeKernels(({kernel, inputs, attrs}) => {
    if (!(kernel in kinds)) return;
    const shapes = Object.fromEntries(Object.entries(inputs).map(([key, input]) => [key, input!.shape]));
    const key = JSON.stringify([kernel, shapes, attrs]);
    const call = calls.get(key) ?? {name: kernel, shapes, attributes: attrs, count: 0};
    calls.set(key, {...call, count: call.count + 1});
  });
  return () => {
    stop();
    return [...calls.values()];
  };
}

/** The shapes of each kernel with the most work, in that order. */
export function dominatingShapes(calls: readonly Call[]): Shape[] {
  const total = calls.reduce((sum, call) => sum + call.count * operations(call), 0);
  const sorted = [...calls].sort((a, b) => b.count * operations(b) - a.count * operations(a));
  const chosen = sorted.filter(
    ({name}, i) => sorted.slice(0, i).filter((call) => call.name === name).length < shapesPerKernel,
  );
  return chosen.map((call) => ({
    title: `${call.name} ${Object.values(call.shapes)
      .map((shape) => shape.join('x'))
      .join(' . ')}`,
    kind: kinds[call.name]!,
    share: (call.count * operations(call)) / total,
    measure: (device) => measure(call, device),
  }));
}

const size = (shape: readonly number[] = []): number => shape.reduce((product, n) => product * n, 1);

/** Multiplications and additions of one call. */
function operations({name, shapes, attributes}: Call): number {
  const {x, dy, filter, a, b} = shapes;
  const attribute = attributes as
    | {filterShape?: number[]; inputShape?: number[]; strides?: number | [number, number]; transposeA?: boolean}
    | undefined;
  switch (name) {
    case 'Conv2DBackpropInput':
      return (2 * size(dy) * size(filter)) / dy!.at(-1)!;
    case 'Conv2DBackpropFilter':
      return (2 * size(dy) * size(attribute?.filterShape)) / dy!.at(-1)!;
    case 'BatchMatMul': {
      const inner = attribute?.transposeA ? a!.at(-2)! : a!.at(-1)!;
      return (2 * size(a) * size(b)) / inner / size(b!.slice(0, -2));
    }
    default: // each place of a convolution's result meets the whole filter; near enough at the borders
      return (2 * size(x) * size(filter)) / x!.at(-1)! / strideArea(attribute?.strides);
  }
}

const strideArea = (strides: number | [number, number] = 1): number =>
  typeof strides === 'number' ? strides * strides : strides[0] * strides[1];

async function measure(call: Call, device: Device): Promise<number> {
  let repetitions = 1;
  for (;;) {
    const milliseconds = await time(call, device, repetitions);
    if (milliseconds >= leastMs || repetitions >= mostRepetitions)
      return (repetitions * operations(call)) / milliseconds / 1e6;
    repetitions = Math.min(mostRepetitions, Math.ceil((repetitions * leastMs * 1.2) / Math.max(milliseconds, 0.05)));
  }
}

/** Filters are new tensors each time, as in training: some backends keep a packed copy of one that they know. */
async function time({name, shapes, attributes}: Call, device: Device, repetitions: number): Promise<number> {
  const inputs: Record<string, Tensor> = Object.fromEntries(
    Object.entries(shapes).map(([key, shape]) => [key, tf.randomUniform(shape, -1, 1, 'float32', 1)]),
  );
  const fresh = Array.from({length: repetitions}, () =>
    'filter' in inputs ? {...inputs, filter: tf.add(inputs['filter'], 0)} : inputs,
  );
  await device.sync();
  const start = performance.now();
  const results = fresh.map((each) => {
    const result = tf.engine().runKernel<Tensor>(name, each, attributes);
    result.dispose();
    return each;
  });
  await device.sync();
  const elapsed = performance.now() - start;
  tf.dispose([inputs, results]);
  return elapsed;
}
