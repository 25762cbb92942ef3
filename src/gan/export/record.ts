/** What a network asks of tfjs in one forward pass. */
import {tf, type Tensor} from '../../backends/tf.js';
import type {Module} from '../module.js';

export interface KernelCall {
  kernel: string;
  inputs: Record<string, Tensor>;
  list: boolean;
  attrs: Record<string, unknown>;
  outputs: Tensor[];
  path: string;
  layer: string;
}

export interface Recording {
  input: Tensor;
  output: Tensor;
  calls: KernelCall[];
  /** Frees all that the forward pass made; until then everything has its values. */
  free(): void;
}

/**
 * Runs `network` in the mode that it is in and writes down each kernel that it runs, with the layer that runs it.
 * @param input made after the network, so that what is newer than it belongs to this pass
 */
export function record(network: Module, input: Tensor): Recording {
  const calls: KernelCall[] = [];
  const kept = new Map<number, Tensor>();
  const keep = (tensor: Tensor): void => {
    if (!tensor.kept) kept.set(tensor.id, tf.keep(tensor));
  };
  const free = (): void => {
    for (const tensor of kept.values()) {
      tensor.kept = false;
      if (tensor.id > input.id) tensor.dispose();
    }
  };
  const layers: {path: string; module: Module}[] = [];
  const engine = tf.engine();
  const restore = [watchLayers(network, layers)];
  const run = engine.runKernel;
  let inside = false;
  const recorded: typeof run = (name, inputs, attrs) => {
    if (inside) return run.call(engine, name, inputs, attrs) as never;
    inside = true; // a kernel may run others
    try {
      const result = run.call(engine, name, inputs, attrs);
      const outputs = Array.isArray(result) ? [...result] : [result]; // the network may turn the list round
      const layer = layers.at(-1);
      const given = Object.entries(inputs as unknown as Record<string, Tensor | null | undefined>).filter(
        (each): each is [string, Tensor] => Boolean(each[1]),
      );
      for (const tensor of [...outputs, ...given.map(([, each]) => each)]) keep(tensor);
      calls.push({
        kernel: name,
        inputs: Object.fromEntries(given),
        list: Array.isArray(inputs),
        attrs: {...attrs},
        outputs,
        path: layer?.path ?? '',
        layer: layer?.module.kind ?? network.kind,
      });
      return result as never;
    } finally {
      inside = false;
    }
  };
  engine.runKernel = recorded;
  restore.push(() => void delete (engine as Partial<typeof engine>).runKernel);
  try {
    const output = tf.tidy(() => {
      const result = network.forward(input);
      keep(result);
      return result;
    });
    return {input, output, calls, free};
  } catch (error) {
    free();
    throw error;
  } finally {
    for (const each of restore) each();
  }
}

/** Keeps `stack` at the layers whose `forward` is running, the innermost last. */
function watchLayers(network: Module, stack: {path: string; module: Module}[]): () => void {
  const named = network.namedModules();
  for (const [path, module] of named) {
    const forward = module.forward;
    module.forward = (x) => {
      stack.push({path, module});
      try {
        return forward.call(module, x);
      } finally {
        stack.pop();
      }
    };
  }
  return () => {
    for (const [, module] of named) delete (module as Partial<Module>).forward;
  };
}
