import {sumOverRanks} from '../../backends/fused/all-reduce.js';
import {tf} from '../../backends/tf.js';
import type {Adapted} from '../augmentations/critic-augmentation.js';
import type {Callback} from '../callback.js';
import type {Learner} from '../learner.js';

/** The signs of a critic's step on their way from the device. */
interface Unread {
  step: number;
  images: number;
  sign: Promise<ArrayLike<number>>;
  dispose(): void;
}

/** The mean sign of the scores of the real images of a critic's step; 1 if the critic knows them all. */
interface Signs {
  /** Steps of both networks, this one included. */
  step: number;
  images: number;
  sign: number;
}

/** Since the last move of a probability. */
interface Gathered {
  steps: number;
  images: number;
  signs: number;
}

interface State {
  read: Signs[];
  gathered: Record<string, Gathered>;
}

const nothing = (): Gathered => ({steps: 0, images: 0, signs: 0});

/**
 * Moves probabilities of augmentations so that the critic knows the real images as well as it should, and no better
 * (ADA, arXiv 2006.06676, section 3): r is the mean sign of its scores of real images, 1 where it overfits completely,
 * and every `interval` critic steps p moves by sign(r - target) times the share of `kimg` that these steps have seen.
 *
 * The scores are those of the step itself. They are read like its loss, while the device computes on: the signs of a
 * step count from the step after the next one, whenever they arrive, so that a resumed run moves p alike.
 */
export class AdaptAugmentations implements Callback {
  readonly name = 'adapt-augmentations';
  readonly runAfter = ['gan-trainer'];
  /** Signs begin to be read before anybody asks for the loss of their step. */
  readonly runBefore = ['switcher', 'recorder', 'write-checkpoints'];
  readonly #adapted: readonly Adapted[];
  readonly #side: number;
  #unread: Unread[] = [];
  #read: Signs[] = [];
  #gathered = new Map<string, Gathered>();

  /** @param realScores on which side of 0 the loss has the critic score real images */
  constructor(adapted: readonly Adapted[], realScores: 'high' | 'low') {
    this.#adapted = adapted;
    this.#side = realScores === 'high' ? 1 : -1;
  }

  beforeFit(): void {
    this.#read = [];
    this.#gathered = new Map();
  }

  beforeBatch({training, step}: Learner): void {
    if (!training) return;
    while (this.#read.length > 0 && this.#read[0]!.step < step) this.#count(this.#read.shift()!);
  }

  afterBatch({pendingLoss, pred, ranks, shareOfStep}: Learner): void {
    if (!pred || !pendingLoss?.training || pendingLoss.turn !== 'critic') return;
    const own = tf.tidy(() => tf.mean(tf.sign(pred)));
    const mean = ranks ? tf.tidy(() => sumOverRanks(tf.mul(own, shareOfStep))) : own;
    if (mean !== own) own.dispose();
    const sign = mean.data();
    sign.catch(() => {}); // thrown when it is awaited
    const {step, batchSize: images} = pendingLoss;
    this.#unread.push({step, images, sign, dispose: () => mean.dispose()});
  }

  async afterLossRead({lastLoss}: Learner): Promise<void> {
    while (this.#unread.length > 0 && this.#unread[0]!.step <= lastLoss!.step) {
      const {step, images, sign, dispose} = this.#unread.shift()!;
      try {
        this.#read.push({step, images, sign: this.#side * (await sign)[0]!});
      } finally {
        dispose();
      }
    }
  }

  #count({images, sign}: Signs): void {
    for (const {name, p, adaptation} of this.#adapted) {
      const now = this.#gathered.get(name) ?? nothing();
      now.steps++;
      now.images += images;
      now.signs += sign;
      this.#gathered.set(name, now);
      if (now.steps < adaptation.interval) continue;
      const move = Math.sign(now.signs / now.steps - adaptation.target) * (now.images / (adaptation.kimg * 1000));
      p.set(Math.min(Math.max(p.get() + move, 0), 1));
      this.#gathered.set(name, nothing());
    }
  }

  release(): void {
    for (const {dispose} of this.#unread) dispose();
    this.#unread = [];
  }

  save(): State {
    return {read: this.#read, gathered: Object.fromEntries(this.#gathered)};
  }

  load(state: unknown): void {
    const {read, gathered} = state as State;
    this.#read = read.map((signs) => ({...signs}));
    this.#gathered = new Map(Object.entries(gathered).map(([name, each]) => [name, {...each}]));
  }
}
