import type {Callback} from '../callback.js';
import type {Learner} from '../learner.js';
import type {GANTrainer} from './gan-trainer.js';

/**
 * Trains the critic with a learning rate `multLr` times the generator's (fastai's GANDiscriminativeLR; compare TTUR,
 * arXiv 1706.08500). The recorded learning rate is the plain one.
 */
export class GANDiscriminativeLR implements Callback {
  readonly name = 'discriminative-lr';
  readonly multLr: number;
  #undo: number[] | undefined;

  constructor(multLr = 5) {
    this.multLr = multLr;
  }

  beforeStep(learn: Learner): void {
    if (learn.policies.discriminativeLr !== 'critic-steps' || !trainsCritic(learn)) return;
    this.#undo = rates(learn);
    learn.opt!.setHyper(
      'lr',
      this.#undo.map((lr) => lr * this.multLr),
    );
  }

  afterStep(learn: Learner): void {
    if (this.#undo) learn.opt!.setHyper('lr', this.#undo);
    this.#undo = undefined;
  }

  /** fastai's way: the first group's rate for all, set before the batch ... */
  beforeBatch(learn: Learner): void {
    if (learn.policies.discriminativeLr === 'around-batch' && trainsCritic(learn))
      learn.opt!.setHyper('lr', rates(learn)[0]! * this.multLr);
  }

  /** ... and undone after it, unless a switcher that ran before has given the turn to the generator. */
  afterBatch(learn: Learner): void {
    if (learn.policies.discriminativeLr === 'around-batch' && trainsCritic(learn))
      learn.opt!.setHyper('lr', rates(learn)[0]! / this.multLr);
  }
}

const rates = ({opt}: Learner): number[] => opt!.hypers.map(({lr}) => lr);

function trainsCritic({training, callbacks}: Learner): boolean {
  const trainer = callbacks.find((callback): callback is GANTrainer => callback.name === 'gan-trainer');
  return training && trainer?.turn === 'critic';
}
