import {tf, type Scalar, type Tensor, type Variable} from '../tf.js';

/** The fields of tfjs's tape nodes that are used. */
interface TapeNode {
  saved?: Tensor[];
  gradient?: (dys: (Tensor | null)[]) => Record<string, () => Tensor>;
}

/**
 * tf.variableGrads that frees early: on the way back, what a node has saved and the gradient that it was given go as
 * soon as the node is done, where tfjs keeps all of them to the end. It leaves nothing behind when `f` throws, either:
 * tfjs frees what a forward pass has saved only after a backward one, so there is one then too, of a sum that costs
 * nothing.
 * @param variables at least one
 */
export function variableGrads(f: () => Scalar, variables: Variable[]): {value: Scalar; grads: Record<string, Tensor>} {
  const {state} = tf.engine();
  const outermost = state.gradientDepth === 0;
  let failure: {error: unknown} | undefined;
  const result = tf.variableGrads(() => {
    try {
      const value = f();
      // Gradients that will be differentiated themselves must stay.
      if (outermost) freeBehind(state.activeTape as TapeNode[]);
      return value;
    } catch (error) {
      failure = {error};
      return tf.sum(variables[0]!);
    }
  }, variables);
  if (!failure) return result;
  tf.dispose([result.value, result.grads]);
  throw failure.error;
}

/** Makes each node of the tape free what the one before it has used. */
function freeBehind(tape: readonly TapeNode[]): void {
  /** For how many tensors a tensor is the gradient: functions may hand on what they were given or have saved. */
  const holders = new Map<Tensor, number>();
  let [saved, given]: [readonly Tensor[], readonly Tensor[]] = [[], []];
  const free = (): void => {
    tf.dispose(saved.filter((tensor) => !holders.has(tensor)));
    for (const tensor of given) {
      const others = holders.get(tensor)! - 1;
      if (others === 0) tensor.dispose();
      holders.set(tensor, others);
    }
  };
  for (const node of tape) {
    const {gradient} = node;
    if (!gradient) continue;
    node.gradient = (dys) => {
      free();
      [saved, given] = [node.saved ?? [], dys.filter((dy) => dy !== null)];
      for (const dy of given) if (!holders.has(dy)) holders.set(dy, 1); // the first one, and sums made by tfjs
      const functions = Object.entries(gradient(dys)).map(([input, compute]): [string, () => Tensor] => [
        input,
        () => {
          const dx = compute();
          holders.set(dx, (holders.get(dx) ?? 0) + 1);
          return dx;
        },
      ]);
      return Object.fromEntries(functions);
    };
  }
}
