import {GanError} from '../../errors.js';
import type {Callback} from '../callback.js';
import type {GANTrainer} from '../callbacks/gan-trainer.js';
import type {Learner} from '../learner.js';
import {other, type Switcher, type Turn} from './switcher.js';

/** A number of steps, or a function that gives it from the number of steps of the other network. */
export type StepCount = number | ((otherSteps: number) => number);

/** nCrit steps of the critic, then nGen of the generator, and so on (fastai's FixedGANSwitcher). */
export function FixedGANSwitcher(nCrit: StepCount = 1, nGen: StepCount = 1): Switcher {
  for (const [name, count] of [
    ['nCrit', nCrit],
    ['nGen', nGen],
  ] as const) {
    if (typeof count === 'number' && !(Number.isInteger(count) && count >= 1)) {
      throw new GanError(
        'usage',
        'GAN_ARGUMENT',
        `FixedGANSwitcher: ${name} is ${count}, wanted a whole number >= 1, or a function that gives one`,
      );
    }
  }
  const decide: Switcher = ({last, run, otherSteps}) => {
    const wanted = last === 'critic' ? nCrit : nGen;
    const steps = typeof wanted === 'function' ? wanted(otherSteps) : wanted;
    return run >= steps ? other(last) : last;
  };
  return Object.assign(decide, {readsLoss: false});
}

/**
 * Stays with a network until the loss of its latest batch falls below its threshold; without a threshold it switches
 * after every step (fastai's AdaptiveGANSwitcher).
 */
export function AdaptiveGANSwitcher({
  genThresh,
  criticThresh,
}: {genThresh?: number; criticThresh?: number} = {}): Switcher {
  return ({last, loss}) => {
    const threshold = last === 'critic' ? criticThresh : genThresh;
    return threshold === undefined || loss < threshold ? other(last) : last;
  };
}

interface SwitchingState {
  run: number;
  total: {critic: number; generator: number};
  inner: unknown;
}

/** Asks a switcher after every training step, and gives the turn to the network that it names. */
export class Switching implements Callback {
  readonly name = 'switcher';
  readonly runAfter = ['gan-trainer'];
  readonly #switcher: Switcher;
  readonly #trainer: GANTrainer;
  /** Steps in a row of the network whose turn it is. */
  #run = 0;
  #total = {critic: 0, generator: 0};
  /** False when the switcher has failed to say who is next. */
  #isDecided = true;

  constructor(switcher: Switcher, trainer: GANTrainer) {
    this.#switcher = switcher;
    this.#trainer = trainer;
  }

  /** Training steps of each network in this fit and the parts of it that were resumed. */
  get steps(): Readonly<Record<Turn, number>> {
    return this.#total;
  }

  beforeFit(): void {
    this.#run = 0;
    this.#total = {critic: 0, generator: 0};
    this.#isDecided = true;
  }

  beforeTrain({policies}: Learner): void {
    if (policies.epochStart === 'restarted') this.#run = 0;
  }

  async afterBatch(learn: Learner): Promise<void> {
    const {training, policies} = learn;
    if (!training) return;
    if (this.#switcher.readsLoss ?? true) await learn.readLosses();
    const last = this.#trainer.turn;
    this.#run++;
    this.#total[last]++;
    // since the last switch: always none
    const otherSteps = policies.switcherCount === 'total' ? this.#total[other(last)] : 0;
    this.#isDecided = false;
    const next = this.#switcher({last, run: this.#run, otherSteps, loss: learn.pendingLoss?.value ?? NaN});
    this.#isDecided = true;
    if (next === last) return;
    this.#run = 0;
    this.#trainer.switch(next);
  }

  async save(): Promise<SwitchingState> {
    if (!this.#isDecided) throw new GanError('config', 'GAN_SWITCHER', 'the switcher has not said whose turn is next');
    return {run: this.#run, total: {...this.#total}, inner: (await this.#switcher.save?.()) ?? null};
  }

  load(state: unknown): void {
    const {run, total, inner} = state as SwitchingState;
    this.#run = run;
    this.#total = total;
    this.#switcher.load?.(inner);
  }
}
