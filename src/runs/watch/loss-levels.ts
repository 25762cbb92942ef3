import {tf} from '../../backends/tf.js';
import {GanError} from '../../errors.js';
import type {StepLoss} from '../../gan/losses/loss.js';
import {namedTerms, sumOf} from '../../gan/losses/terms.js';
import type {TrainingStep} from '../../gan/training-step.js';

/** What a critic's loss is for two extreme critics. */
export interface LossLevels {
  /** Of one that scores all images alike. */
  chance: number;
  /** Of one that tells real from generated images with certainty; undefined when there is no bound. */
  floor?: number;
}

/** Scores beyond which a bounded loss changes no more. */
const certain = [1e2, 1e4] as const;

/**
 * The levels of a loss, from the loss itself: its critic's half is asked about made-up scores, so no table of losses is
 * needed, nor which side real images score on. Undefined for a loss that asks for more than scores.
 */
export async function lossLevels(loss: StepLoss): Promise<LossLevels | undefined> {
  if (loss.repeatable !== true) return undefined; // it may count its calls
  const at = async (score: number): Promise<number> => {
    const value = tf.tidy(() => {
      const images = (value: number): TrainingStep['real'] =>
        only<TrainingStep['real']>({scores: tf.fill([2, 1], value)});
      const step = only<TrainingStep>({turn: 'critic', real: images(score), fake: images(-score)});
      return tf.clone(sumOf(namedTerms(loss.critic(step), 'adversarial')));
    });
    const [number = NaN] = await value.data();
    value.dispose();
    return number;
  };
  try {
    const lowest = async (score: number): Promise<number> => Math.min(await at(score), await at(-score));
    const [chance, sure, surer] = [await at(0), await lowest(certain[0]), await lowest(certain[1])];
    if (![chance, sure, surer].every(Number.isFinite)) return undefined;
    const isBounded = Math.abs(surer - sure) < 1e-3 * (Math.abs(chance - sure) + 1e-9);
    return {chance, ...(isBounded && {floor: surer})};
  } catch {
    return undefined;
  }
}

/** An object that has these properties; who asks for another gets an error. */
function only<T extends object>(known: Partial<T>): T {
  return new Proxy(known as T, {
    get(target, name) {
      if (name in target) return target[name as keyof T];
      throw new GanError('usage', 'GAN_ARGUMENT', `the step has no ${String(name)}`);
    },
  });
}
