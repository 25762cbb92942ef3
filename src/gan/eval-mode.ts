import type {Module} from './module.js';

/**
 * Calls `f`, which must not be async, with a module and all below it in eval mode; their modes are left as they were.
 */
export function inEvalMode<T>(module: Module, f: () => T): T {
  const modes = module.modules().map((each): [Module, boolean] => [each, each.training]);
  module.eval();
  try {
    return f();
  } finally {
    for (const [each, training] of modes) each.training = training;
  }
}
