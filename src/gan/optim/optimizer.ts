/**
 * Optimisers by fastai's equations: parameters in groups, each with a rule and hyperparameters of its own, decoupled
 * weight decay first,
 * then the update rule. State starts at zero and belongs to the checkpoint.
 */
import {GanError} from '../../errors.js';
import {perStepTensor} from '../../backends/capture/step-values.js';
import {
  coefficientNames,
  updateAll,
  type UpdateCoefficients,
  type Updated,
  type UpdateItem,
} from '../../backends/fused/update.js';
import {tf, type Tensor, type Variable} from '../../backends/tf.js';
import {fromTorch, makeVariable, toTorch, torchShape, zeroVariable, type Parameter, type StateDict} from '../module.js';
import {coefficientRows, distinctSets} from './coefficient-sets.js';

/** Hyperparameters of a group: lr, wd and what the rule needs. */
export type Hypers = Record<string, number> & {lr: number; wd: number};

/** The state of a parameter between steps: averages with the shape of the parameter, and the number of its updates. */
export interface ParameterState {
  averages: Record<string, Variable>;
  step: number;
}

/** The coefficients of a parameter that the rule computes. The optimizer adds weight decay and the bound. */
export type RuleCoefficients = Omit<UpdateCoefficients, 'keep' | 'decay' | 'bound'>;

/** An update rule: by numbers for the one formula that covers all usual ones, or by tensors. */
export interface UpdateRule {
  name: string;
  /** Names of the averages. `mom` 0 may leave some out. */
  averages(hypers: Hypers): string[];
  /**
   * Numbers for the formula of src/backends/fused/update.ts, whose averages are `grad_avg` and `sqr_avg`. All
   * parameters are then updated at once, and the step can be repeated from a recording.
   */
  coefficients?(step: number, hypers: Hypers): RuleCoefficients;
  /** For any other rule: returns new averages, and the amount to subtract from the parameter. Runs inside a tidy. */
  update?(
    gradient: Tensor,
    averages: Record<string, Tensor>,
    step: number,
    hypers: Hypers,
  ): {delta: Tensor; averages: Record<string, Tensor>};
}

/** A value for each group, or one for all. */
export type PerGroup = number | readonly number[];

/** A range over the groups, from the first to the last in equal factors (fastai's slice of learning rates). */
export interface LrSlice {
  start?: number;
  stop: number;
}

export type OptimizerFactory = (groups: Parameter[][], lr: number) => Optimizer;

/** How a group is updated. */
interface GroupRule {
  rule: UpdateRule;
  /** Weight decay apart from the gradient (arXiv 1711.05101), or added to it. */
  decoupleWd: boolean;
}

/** Two numbers fix what a parameter does in a step: fastai marks biases and norms `noDecay`, and norms `forceTrain`. */
export interface ParameterMarks {
  noDecay: Set<Parameter>;
  forceTrain: Set<Parameter>;
}

/** The update of a parameter in a step. */
interface Update {
  parameter: Parameter;
  gradient: Tensor;
  group: number;
  rule: UpdateRule;
  decoupleWd: boolean;
  hypers: Hypers;
  /** True if weight decay applies to the parameter. */
  decays: boolean;
  bound: number;
  state: ParameterState;
}

export class Optimizer {
  readonly groups: readonly (readonly Parameter[])[];
  readonly hypers: Hypers[];
  readonly marks: ParameterMarks = {noDecay: new Set(), forceTrain: new Set()};
  /** Values of these parameters are kept in [-bound, bound]; a step leaves them there. */
  bounds: ReadonlyMap<Parameter, number> = new Map();
  /** Groups below this index are frozen. */
  frozenIdx = 0;
  readonly #rules: readonly GroupRule[];
  readonly #state = new Map<Parameter, ParameterState>();

  /** One rule and one set of hyperparameters for all groups, or one for each group. */
  constructor(
    groups: readonly (readonly Parameter[])[],
    rule: UpdateRule | readonly GroupRule[],
    hypers: Hypers | readonly Hypers[],
    {decoupleWd = true}: {decoupleWd?: boolean} = {},
  ) {
    this.groups = groups;
    this.#rules = isList(rule) ? rule : groups.map(() => ({rule, decoupleWd}));
    this.hypers = isList(hypers) ? [...hypers] : groups.map(() => ({...hypers}));
  }

  /**
   * One optimiser over the groups of several new ones, in their order; each group keeps its rule and hyperparameters.
   */
  static join(parts: readonly Optimizer[]): Optimizer {
    return new Optimizer(
      parts.flatMap(({groups}) => groups),
      parts.flatMap((part) => part.#rules),
      parts.flatMap(({hypers}) => hypers),
    );
  }

  /** The rule of each group. */
  get rules(): readonly UpdateRule[] {
    return this.#rules.map(({rule}) => rule);
  }

  /** The rule's name; the names of all groups' rules, joined by commas, where they differ. */
  get ruleName(): string {
    const names = this.rules.map(({name}) => name);
    return new Set(names).size === 1 ? names[0]! : names.join();
  }

  parameters(): Parameter[] {
    return this.groups.flat();
  }

  /** Sets a hyperparameter of every group; a list gives each group its own. */
  setHyper(name: string, value: PerGroup | LrSlice): void {
    const values = this.#spread(name, value);
    this.hypers.forEach((hypers, i) => (hypers[name] = values[i]!));
  }

  #spread(name: string, value: PerGroup | LrSlice): number[] {
    const count = this.groups.length;
    if (typeof value === 'number') return new Array<number>(count).fill(value);
    if ('stop' in value) return spreadSlice(value, count);
    if (value.length === count) return [...value];
    throw new GanError('usage', 'GAN_ARGUMENT', `${name}: got ${value.length} values for ${count} parameter groups`, {
      suggestions: [`give one value, or ${count}`],
    });
  }

  /**
   * One update of every parameter that `gradients` has; the others stay as they are, with all of their state. Those of
   * `bounds` are within their bounds afterwards.
   * @param gradients shaped like the parameters; not disposed here
   */
  step(gradients: ReadonlyMap<Parameter, Tensor>): void {
    const updates = this.groups.flatMap((group, i) =>
      group.flatMap((parameter) => {
        const gradient = gradients.get(parameter);
        return gradient ? [this.#update(parameter, gradient, i)] : [];
      }),
    );
    const atOnce = updates.filter(({rule}) => rule.coefficients);
    tf.tidy(() => {
      this.#updateAll(atOnce);
      for (const update of updates) if (!update.rule.coefficients) tf.tidy(() => this.#updateByRule(update));
      const bounded = new Set(atOnce.map(({parameter}) => parameter.variable));
      for (const [{variable}, bound] of this.bounds)
        if (!bounded.has(variable)) variable.assign(tf.clipByValue(variable, -bound, bound));
    });
  }

  #update(parameter: Parameter, gradient: Tensor, group: number): Update {
    const hypers = this.hypers[group]!;
    const {rule, decoupleWd} = this.#rules[group]!;
    const decays = hypers.wd !== 0 && !this.marks.noDecay.has(parameter);
    return {
      parameter,
      gradient,
      group,
      rule,
      decoupleWd,
      hypers,
      decays,
      bound: this.bounds.get(parameter) ?? Infinity,
      state: this.#stateOf(parameter, rule, hypers),
    };
  }

  #updateAll(updates: readonly Update[]): void {
    if (updates.length === 0) return;
    const {sets, first} = distinctSets(updates.map(({state, ...update}) => ({...update, step: state.step})));
    const coefficients = perStepTensor(() => {
      for (const {state} of updates) state.step++;
      return coefficientRows(first.map((i) => this.#coefficients(updates[i]!)));
    }, [first.length, coefficientNames.length]);
    const items = updates.map(
      ({parameter, gradient, rule, decoupleWd, hypers, state, decays, bound}, i): UpdateItem => ({
        value: parameter.variable,
        gradient,
        averages: usedAverages(state, rule, hypers),
        set: sets[i]!,
        decays: decays && !decoupleWd,
        bounded: bound !== Infinity,
      }),
    );
    const take = ({value, averages}: Updated, i: number): void => {
      const {parameter, state} = updates[i]!;
      parameter.variable.assign(value);
      for (const [name, average] of Object.entries(averages)) state.averages[name]!.assign(average);
    };
    updateAll(items, coefficients, take, {consumes: true});
  }

  #coefficients({parameter, rule, decoupleWd, hypers, decays, state}: Update): UpdateCoefficients {
    return {
      ...rule.coefficients!(state.step, hypers),
      keep: decays && decoupleWd ? 1 - hypers.lr * hypers.wd : 1,
      decay: decays && !decoupleWd ? hypers.wd : 0,
      bound: this.bounds.get(parameter) ?? Infinity,
    };
  }

  #updateByRule({parameter: {variable}, gradient, rule, decoupleWd, hypers, decays, state}: Update): void {
    state.step++;
    const value: Tensor = decays && decoupleWd ? tf.mul(variable, 1 - hypers.lr * hypers.wd) : variable;
    const slope = decays && !decoupleWd ? tf.add(gradient, tf.mul(variable, hypers.wd)) : gradient;
    const {delta, averages} = rule.update!(slope, state.averages, state.step, hypers);
    variable.assign(tf.sub(value, delta));
    for (const [name, average] of Object.entries(averages)) state.averages[name]!.assign(average);
  }

  #stateOf(parameter: Parameter, rule: UpdateRule, hypers: Hypers): ParameterState {
    const state = this.#state.get(parameter) ?? {averages: {}, step: 0};
    this.#state.set(parameter, state);
    for (const name of rule.averages(hypers)) state.averages[name] ??= zeroVariable(parameter.shape);
    return state;
  }

  /**
   * A key for everything besides gradients and coefficients that decides the update of these parameters. With equal
   * keys, the same parameters share rows of coefficients, and the same operations run.
   */
  captureKey(parameters: readonly Parameter[]): string {
    const groups = this.hypers.map((hypers, i) => [hypers.wd !== 0, ...this.rules[i]!.averages(hypers)].join());
    const steps = parameters.map((parameter) => this.#state.get(parameter)?.step);
    const first = steps.find((step) => step !== undefined) ?? 0;
    const behind = steps.flatMap((step, i) => (step === undefined || step === first ? [] : [`${i}:${step - first}`]));
    return [...groups, this.marks.noDecay.size, ...this.bounds.values(), ...behind].join(';');
  }

  /** Number of updates that a parameter has had. */
  stepsOf(parameter: Parameter): number {
    return this.#state.get(parameter)?.step ?? 0;
  }

  /**
   * Averages and update counts of every parameter that has been updated, as `<parameter>.<average>`, in PyTorch's
   * layout.
   */
  async stateDict(names: ReadonlyMap<Parameter, string>): Promise<StateDict> {
    const state: StateDict = new Map();
    for (const [parameter, name] of names) {
      const updated = this.#state.get(parameter);
      if (!updated) continue;
      const {averages, step} = updated;
      state.set(`${name}.step`, {dtype: 'I64', shape: [], data: BigInt64Array.of(BigInt(step))});
      const {shape, layout} = parameter;
      for (const [key, average] of Object.entries(averages)) {
        state.set(`${name}.${key}`, {
          dtype: 'F32',
          shape: torchShape(shape, layout),
          data: toTorch((await average.data()) as Float32Array, shape, layout),
        });
      }
    }
    return state;
  }

  /** Takes over what `stateDict` gave, replacing all state. */
  loadStateDict(saved: StateDict, names: ReadonlyMap<Parameter, string>): void {
    this.#clear();
    for (const parameter of this.parameters()) {
      const prefix = `${names.get(parameter)!}.`;
      const mine = [...saved].filter(([name]) => name.startsWith(prefix) && !name.slice(prefix.length).includes('.'));
      if (mine.length === 0) continue;
      const state: ParameterState = {averages: {}, step: 0};
      for (const [name, {data}] of mine) {
        const key = name.slice(prefix.length);
        if (key === 'step') state.step = Number(data[0]);
        else
          state.averages[key] = makeVariable(
            fromTorch(data as Float32Array, parameter.shape, parameter.layout),
            parameter.shape,
            false,
          );
      }
      this.#state.set(parameter, state);
    }
  }

  #clear(): void {
    for (const {averages} of this.#state.values()) for (const average of Object.values(averages)) average.dispose();
    this.#state.clear();
  }

  /** Frees the averages. */
  dispose(): void {
    this.#clear();
  }

  /**
   * Makes the groups from `index` on trainable and freezes those before it, norms apart when they are force-trained
   * (fastai's freeze_to).
   */
  freezeTo(index: number): void {
    this.frozenIdx = index < 0 ? this.groups.length + index : index;
    this.groups.forEach((group, i) => {
      for (const parameter of group)
        parameter.requiresGrad = i >= this.frozenIdx || this.marks.forceTrain.has(parameter);
    });
  }
}

/** The averages that the rule takes part in now. */
function usedAverages({averages}: ParameterState, rule: UpdateRule, hypers: Hypers): Record<string, Tensor> {
  return Object.fromEntries(rule.averages(hypers).map((name) => [name, averages[name]!]));
}

/** `Array.isArray` for lists that are readonly. */
const isList = <One, Many>(value: One | readonly Many[]): value is readonly Many[] => Array.isArray(value);

/**
 * fastai's rule: with a start, equal factors from start to stop; without one, a tenth of stop for all groups but the
 * last.
 */
function spreadSlice({start, stop}: LrSlice, count: number): number[] {
  if (count === 1) return [stop];
  if (start === undefined) return Array.from({length: count}, (_, i) => (i < count - 1 ? stop / 10 : stop));
  return Array.from({length: count}, (_, i) => start * (stop / start) ** (i / (count - 1)));
}
