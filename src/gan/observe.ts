import type {Tensor} from '../backends/tf.js';
import type {Module} from './module.js';

/** Tells of what a layer gives. Returns the function that undoes that. */
export function observe(module: Module, tell: (output: Tensor) => void): () => void {
  const names = ['forward', 'forwardActivated'].filter((name) => name in module);
  const layer = module as unknown as Record<string, (...args: unknown[]) => Tensor>;
  for (const name of names) {
    const original = layer[name]!.bind(module);
    layer[name] = (...args) => {
      const output = original(...args);
      tell(output);
      return output;
    };
  }
  return () => {
    for (const name of names) delete layer[name]; // the class's shows again
  };
}
