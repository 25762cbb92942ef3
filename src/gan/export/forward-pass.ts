/** The kernel calls of a network in one forward pass. */
import {observeKernels} from '../../backends/kernel-calls.js';
import {tf, type DataId, type NamedTensorInfoMap, type Tensor, type TensorInfo} from '../../backends/tf.js';
import type {Module} from '../module.js';

/** A tensor of a forward pass. */
export interface PassValue {
  /** Values with one key hold the same numbers in the same shape: they share their data. */
  key: string;
  shape: number[];
  dtype: string;
}

export interface NetworkCall {
  kernel: string;
  /** Inputs of kernels are kept until the pass is freed. */
  inputs: Record<string, PassValue & {tensor: Tensor}>;
  list: boolean;
  attrs: Record<string, unknown>;
  outputs: PassValue[];
  path: string;
  layer: string;
}

export interface ForwardPass {
  input: PassValue;
  labels?: PassValue;
  output: PassValue;
  calls: NetworkCall[];
  /** Frees all that the forward pass made. */
  free(): void;
}

/**
 * Runs `network` in the mode that it is in and notes each kernel that it runs, with the layer that runs it.
 * @param input made after the network, so that what is newer than it belongs to this pass
 * @param labels of a conditional network; older than the input
 */
export function watchForward(network: Module, input: Tensor, labels?: Tensor): ForwardPass {
  const calls: NetworkCall[] = [];
  const kept = new Map<number, Tensor>();
  const keep = (tensor: Tensor): Tensor => {
    if (!tensor.kept) kept.set(tensor.id, tf.keep(tensor));
    return tensor;
  };
  const free = (): void => {
    for (const tensor of kept.values()) {
      tensor.kept = false;
      if (tensor.id > input.id) tensor.dispose();
    }
  };
  const layers: {path: string; module: Module}[] = [];
  const unwatch = watchLayers(network, layers);
  const stop = observeKernels(({kernel, inputs, attrs, outputs}) => {
    const layer = layers.at(-1);
    calls.push({
      kernel,
      inputs: Object.fromEntries(
        tensorsOf(inputs).map(([name, tensor]) => [name, {...valueOf(tensor), tensor: keep(tensor)}]),
      ),
      list: Array.isArray(inputs),
      attrs: {...attrs},
      outputs: outputs.map(valueOf),
      path: layer?.path ?? '',
      layer: layer?.module.kind ?? network.kind,
    });
  });
  try {
    const output = tf.tidy(() => keep(labels ? network.forward(input, labels) : network.forward(input)));
    return {input: valueOf(input), ...(labels && {labels: valueOf(labels)}), output: valueOf(output), calls, free};
  } catch (error) {
    free();
    throw error;
  } finally {
    stop();
    unwatch();
  }
}

/** Operations of tfjs hand tensors to kernels; inputs that may be missing can be null or undefined. */
const tensorsOf = (inputs: NamedTensorInfoMap): [string, Tensor][] =>
  Object.entries(inputs).filter((each): each is [string, Tensor] => Boolean(each[1]));

const numbers = new WeakMap<DataId, number>();
let last = 0;

function valueOf({dataId, shape, dtype}: TensorInfo): PassValue {
  if (!numbers.has(dataId)) numbers.set(dataId, last++);
  return {key: `${numbers.get(dataId)} ${dtype} ${shape.join()}`, shape: [...shape], dtype};
}

/** Keeps `stack` at the layers whose `forward` is running, the innermost last. */
function watchLayers(network: Module, stack: {path: string; module: Module}[]): () => void {
  const named = network.namedModules();
  for (const [path, module] of named) {
    const forward = module.forward;
    module.forward = (...inputs) => {
      stack.push({path, module});
      try {
        return forward.apply(module, inputs);
      } finally {
        stack.pop();
      }
    };
  }
  return () => {
    for (const [, module] of named) delete (module as Partial<Module>).forward;
  };
}
