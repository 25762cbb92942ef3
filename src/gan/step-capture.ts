/** Decides which training steps a Learner captures and replays (docs/adr/0030), and distinguishes them by keys. */
import {Steps} from '../backends/capture/steps.js';
import type {Tensor} from '../backends/tf.js';
import type {Callback, InStepEvent} from './callback.js';
import type {Learner} from './learner.js';
import type {Parameter} from './module.js';
import {isRepeatable} from './repeatable.js';
import {drawCount} from './rng.js';

/** `auto`: repeat steps where that gives the same to the last bit; `off`: compute each anew. */
export type CaptureMode = 'auto' | 'off';

/** Callbacks that see, or change, what happens inside a step. */
const inStep: readonly InStepEvent[] = [
  'afterPred',
  'afterLoss',
  'beforeBackward',
  'afterBackward',
  'beforeStep',
  'afterStep',
];

export class StepCapture {
  readonly mode: CaptureMode;
  readonly #steps = new Steps(drawCount);
  /** Names of the terms of each kind of step. */
  readonly #terms = new Map<string, string[]>();

  constructor(mode: CaptureMode) {
    this.mode = mode;
  }

  /** Steps that were repeated from a recording. */
  get repeated(): number {
    return this.#steps.repeated;
  }

  /** Those of them that the device ran from a capture of its own (a CUDA graph), not kernel by kernel. */
  get launched(): number {
    return this.#steps.launched;
  }

  /** Why some steps were not, each reason once. */
  get refusals(): readonly string[] {
    return this.#steps.refusals;
  }

  /** Why no step can be repeated with these callbacks; undefined when that is not known before. */
  obstacle(learn: Learner, callbacks: readonly Callback[]): string | undefined {
    const {opt, model} = learn;
    if (this.mode === 'off') return 'it is switched off';
    for (const callback of callbacks) {
      const event = inStep.find((name) => callback[name]);
      if (event) return `the callback ${callback.name} has ${event}`;
    }
    const rule = opt?.rules.find(({coefficients}) => !coefficients);
    if (rule) return `the optimiser ${rule.name} gives no coefficients`;
    const loss = learn.unrepeatableLoss();
    if (loss !== undefined) return `${loss} is not marked as repeatable`;
    const module = model.modules().find(({constructor}) => !isRepeatable(constructor));
    return module && `the module ${module.kind} is not marked as repeatable`;
  }

  /**
   * Does a training step, or repeats it.
   * @param step leaves prediction and loss in the learner
   * @param wanted the parameters that are trained
   * @param mode what else decides which operations a step has
   */
  run(learn: Learner, step: () => void, wanted: readonly Parameter[], mode: string): void {
    const obstacle = this.obstacle(learn, learn.callbacks);
    if (obstacle !== undefined) {
      this.#steps.refuse(obstacle);
      step();
      return;
    }
    const given = [learn.input!, learn.target!, ...(learn.labels ? [learn.labels] : [])];
    const key = keyOf(learn, wanted, given, mode);
    const [pred, loss, ...more] = this.#steps.run(key, given, () => {
      step();
      this.#terms.set(key, Object.keys(learn.terms));
      return [learn.pred!, learn.loss!, ...Object.values(learn.terms), ...(learn.gradNorm ? [learn.gradNorm] : [])];
    });
    const names = this.#terms.get(key)!;
    [learn.pred, learn.loss] = [pred, loss];
    learn.terms = Object.fromEntries(names.map((name, i) => [name, more[i]!]));
    learn.gradNorm = more[names.length];
  }

  /** Forgets all recordings: a new optimiser, or the end. */
  clear(): void {
    this.#steps.clear();
    this.#terms.clear();
  }
}

/** Steps with one key have the same operations. */
function keyOf(
  {model, opt, policies, everTrained, ranks, batchSize}: Learner,
  wanted: readonly Parameter[],
  given: readonly Tensor[],
  mode: string,
): string {
  const trained = new Set(wanted);
  const zeroed = policies.frozenInStep === 'zero-gradient' ? everTrained : [];
  const training = model.modules().map((module) => (module.training ? 'T' : 'e'));
  const parameters = opt!.parameters().map((parameter) => (trained.has(parameter) ? 'T' : 'f'));
  const updated = [...new Set([...wanted, ...zeroed])];
  return [
    ...given.map(({shape, dtype}) => `${dtype}[${shape.join()}]`),
    mode,
    ranks ? batchSize : '', // decides the weights of this rank's images
    training.join(''),
    parameters.join(''),
    updated.length,
    opt!.captureKey(updated),
  ].join(' ');
}
