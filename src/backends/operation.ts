/** Operations that are composed of tfjs's, and for which backends may have kernels. */
import type {NamedAttrMap} from '@tensorflow/tfjs-core';
import {nestedGrads} from './fused/nested-grads.js';
import {registerKernels, type Kernel} from './kernels.js';
import {tf, type Tensor} from './tf.js';

type Result = Tensor | Tensor[];

/**
 * An operation by its composition of tfjs's, which serves on every backend, and as the reference for kernels and
 * derivatives.
 * @typeParam Name of an input
 */
export interface OperationDefinition<Name extends string, Attrs extends object, R extends Result> {
  /** Name of its kernels: one that nothing else in tfjs has, such as `MyPluginSwish`. */
  name: string;
  /** Names of the inputs. Absent: inputs of any names, and the operation has no gradient. */
  inputs?: readonly Name[];
  /** Computes it by operations that tfjs differentiates. Where no kernel is, this is what runs. */
  reference(inputs: Record<Name, Tensor>, attrs: Attrs): R;
  /**
   * Inputs with a derivative of zero: those that say on which side of a bend something lies, or that only kernels read.
   */
  constants?: readonly Name[];
  /** The gradient of calls that a kernel computes. Default: the reference is differentiated. */
  gradient?: OperationGradient<Name, Attrs>;
  /** Calls that kernels can compute; for others there is the reference. Default: all. */
  accepts?(inputs: Record<Name, Tensor>, attrs: Attrs): boolean;
  /**
   * Kernels, by the names under which tfjs knows backends (`cpu`, `wasm`, `webgpu`). Backends may bring more. A kernel
   * returns what the reference returns: one tensor, or a list.
   */
  kernels?: Readonly<Record<string, Kernel['compute']>>;
}

export interface OperationGradient<Name extends string, Attrs extends object> {
  /** The outputs that `compute` reads, true for each of them: they are kept in memory until then. Default: none. */
  outputs?: readonly boolean[];
  /**
   * Composed of operations that have gradients themselves, so that it can be differentiated again.
   * @param dys the gradient of each output
   * @returns that of each input, those of `constants` apart; as a function where it is computed only if it is needed
   */
  compute(
    dys: Tensor[],
    call: {inputs: Record<Name, Tensor>; outputs: Tensor[]; attrs: Attrs},
  ): Partial<Record<Name, Tensor | (() => Tensor)>>;
}

export interface Operation<Name extends string, Attrs extends object, R extends Result> {
  (inputs: Record<Name, Tensor>, attrs: Attrs): R;
  /** True if the current backend has a kernel for it. */
  hasKernel(): boolean;
}

/** The latest definition of each name. A second definition replaces the first. */
const defined = new Map<string, {takeBack(): void}>();

/**
 * Makes an operation: a kernel computes it where the current backend has one, the reference elsewhere. It has
 * derivatives of every order, and steps that use it can be captured.
 * @throws Error when tfjs has an operation of this name
 */
export function defineOperation<Name extends string, Attrs extends object, R extends Result>(
  definition: OperationDefinition<Name, Attrs, R>,
): Operation<Name, Attrs, R> {
  const {name, reference, accepts, kernels = {}} = definition;
  defined.get(name)?.takeBack();
  if (tf.getGradient(name)) throw new Error(`tfjs has an operation ${name}: choose another name`);
  const registered = new Map<string, () => void>();
  if (definition.inputs) registerGradient(definition, definition.inputs);
  defined.set(name, {
    takeBack() {
      for (const remove of registered.values()) remove();
      if (definition.inputs) tf.unregisterGradient(name);
    },
  });
  const hasKernel = (): boolean => {
    const backend = tf.getBackend();
    const compute = kernels[backend];
    if (compute && !registered.has(backend)) registered.set(backend, registerKernels(backend, [{name, compute}]));
    return Boolean(tf.getKernel(name, backend));
  };
  const operation = (inputs: Record<Name, Tensor>, attrs: Attrs): R =>
    hasKernel() && (accepts?.(inputs, attrs) ?? true)
      ? tf.engine().runKernel<R>(name, inputs, {...attrs} as NamedAttrMap)
      : tf.tidy(() => reference(inputs, attrs));
  return Object.assign(operation, {hasKernel});
}

/** The gradient that tfjs finds by the name of the kernel. */
function registerGradient<Name extends string, Attrs extends object, R extends Result>(
  {name, reference, constants = [], gradient}: OperationDefinition<Name, Attrs, R>,
  names: readonly Name[],
): void {
  const free = names.filter((input) => !constants.includes(input));
  tf.registerGradient({
    kernelName: name,
    inputsToSave: [...names],
    ...(gradient?.outputs && {outputsToSave: [...gradient.outputs]}),
    gradFunc(given, saved, namedAttrs) {
      const dys = Array.isArray(given) ? given : [given];
      const attrs = namedAttrs as unknown as Attrs;
      const inputs = Object.fromEntries(names.map((input, i) => [input, saved[i]!])) as Record<Name, Tensor>;
      // now and not inside the functions that are returned: tfjs frees what else these make
      const results: Partial<Record<Name, Tensor | (() => Tensor)>> = gradient
        ? gradient.compute(dys, {inputs, outputs: saved.slice(names.length), attrs})
        : ofReference();
      return Object.fromEntries(
        names.map((input) => {
          const result: Tensor | (() => Tensor) | undefined = results[input];
          return [input, typeof result === 'function' ? result : () => result ?? tf.zerosLike(inputs[input])];
        }),
      );

      function ofReference(): Partial<Record<Name, Tensor>> {
        const gradients = nestedGrads(
          (...values) => {
            const outputs = [
              reference({...inputs, ...Object.fromEntries(free.map((input, i) => [input, values[i]!]))}, attrs),
            ].flat();
            return tf.addN(outputs.map((output, i) => tf.sum(tf.mul(output, dys[i]!))));
          },
          free.map((input) => inputs[input]),
        );
        return Object.fromEntries(free.map((input, i) => [input, gradients[i]!])) as Partial<Record<Name, Tensor>>;
      }
    },
  });
}
