import {BatchNorm} from './layers/batch-norm.js';
import {InstanceNorm} from './layers/instance-norm.js';
import type {Module, Parameter} from './module.js';

/** Divides the parameters of a model into groups with hyperparameters of their own. */
export type Splitter = (model: Module) => Parameter[][];

/** fastai's trainable_params. */
export function trainableParameters(model: Module): Parameter[] {
  return model.parameters().filter(({requiresGrad}) => requiresGrad);
}

/** The parameters of all norm layers, and with `withBias` every other layer's bias (fastai's norm_bias_params). */
export function normParameters(model: Module, withBias: boolean): Parameter[] {
  return model.modules().flatMap((module) => {
    if (isNorm(module)) return module.parameters();
    const bias = module.entries().find(([name]) => name === 'bias')?.[1];
    return withBias && bias ? [bias as Parameter] : [];
  });
}

export const isNorm = (module: Module): boolean => module instanceof BatchNorm || module instanceof InstanceNorm;
