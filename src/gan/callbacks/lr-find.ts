/** fastai's lr_find: a short training whose learning rate grows, to see where the loss falls (arXiv 1506.01186). */
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {GanError} from '../../errors.js';
import type {Callback} from '../callback.js';
import {momentOf, readCheckpoint, restoreNetworks, resumeFrom, saveCheckpoint} from '../checkpoint.js';
import type {Learner} from '../learner.js';

export interface LrFindOptions {
  /** The first learning rate; 1e-7. */
  startLr?: number;
  /** The last one; 10. */
  endLr?: number;
  /** Steps from the first to the last, at least 20; 100. */
  numIt?: number;
  /** Whether to end once the smoothed loss is four times the best one, where that is above 0; true. */
  stopDiv?: boolean;
}

export interface LrFindResult {
  /** The suggestion: about halfway down the longest fall of the loss (fastai's valley). */
  valley: number;
  /** Learning rates and smoothed losses of the steps that were looked at: without the first tenth and the last five. */
  lrs: number[];
  losses: number[];
}

/** start * (end / start)^position (fastai's SchedExp). */
export const exponential =
  (start: number, end: number): ((position: number) => number) =>
  (position) =>
    start * (end / start) ** position;

/**
 * The learning rate at one half of the longest falling subsequence of the losses: after a third of it and half a third.
 * @param losses as many as `lrs`, at least one
 */
export function valley(lrs: readonly number[], losses: readonly number[]): number {
  const lengths = losses.map(() => 1); // of the longest falling subsequence that ends here
  let [start, end] = [0, 0];
  for (let i = 1; i < losses.length; i++) {
    for (let j = 0; j < i; j++)
      if (losses[i]! < losses[j]! && lengths[i]! < lengths[j]! + 1) lengths[i] = lengths[j]! + 1;
    if (lengths[i]! > lengths[end]!) [start, end] = [i - lengths[i]!, i];
  }
  const third = (end - start) / 3;
  return lrs[start + Math.trunc(third) + Math.trunc(third / 2)]!;
}

/**
 * Trains with learning rates that grow from step to step, puts everything back, and says what it saw.
 * @throws GanError GAN_LR_FIND when the loss was never finite, or the training ended too soon to tell
 */
export async function findLearningRate(
  learn: Learner,
  {startLr = 1e-7, endLr = 10, numIt = 100, stopDiv = true}: LrFindOptions = {},
): Promise<LrFindResult> {
  if (!(startLr > 0 && endLr > startLr && Number.isInteger(numIt) && numIt >= 20))
    throw new GanError(
      'usage',
      'GAN_ARGUMENT',
      `lrFind: startLr is ${startLr}, endLr ${endLr} and numIt ${numIt}; wanted 0 < startLr < endLr and at least 20 steps`,
    );
  const folder = await mkdtemp(join(tmpdir(), 'gan-lr-find-'));
  const [hadOptimizer, lr] = [learn.opt !== undefined, learn.lr];
  const [saved, rows, columns] = [join(folder, 'before'), learn.recorder?.rows, learn.recorder?.columns];
  const seen = {lrs: [] as number[], losses: [] as number[]};
  const printers = learn.callbacks.filter(({name}) => name === 'progress'); // its epochs are none of the training
  learn.removeCbs(...printers);
  try {
    await saveCheckpoint(
      learn,
      saved,
      {epoch: learn.epoch, batch: learn.iter, step: learn.step},
      await momentOf(learn),
    );
    await learn.fit(Math.ceil(numIt / learn.dls.train.length), startLr, {
      cbs: [growing({rate: exponential(startLr, endLr), numIt, stopDiv}, seen)],
      steps: numIt,
    });
  } finally {
    const checkpoint = await readCheckpoint(saved).catch(() => undefined);
    if (checkpoint) {
      resumeFrom(learn, checkpoint).restore();
      restoreNetworks(learn, checkpoint);
    }
    if (!hadOptimizer) {
      learn.opt?.dispose();
      learn.opt = undefined;
    }
    learn.lr = lr;
    learn.addCbs(...printers);
    if (learn.recorder) Object.assign(learn.recorder, {rows, columns});
    await rm(folder, {recursive: true, force: true});
  }
  const from = Math.floor(numIt / 10);
  const pairs = seen.losses
    .map((loss, i) => ({loss, lr: seen.lrs[i]!}))
    .slice(from, -5)
    .filter(({loss}) => Number.isFinite(loss));
  if (pairs.length < 2)
    throw new GanError(
      'usage',
      'GAN_LR_FIND',
      `lrFind: the training ended after ${seen.losses.length} steps, too soon to see where the loss falls`,
      {suggestions: ['begin with a smaller startLr', 'leave stopDiv: false, so that it goes on when the loss grows']},
    );
  const [lrs, losses] = [pairs.map((pair) => pair.lr), pairs.map(({loss}) => loss)];
  return {valley: valley(lrs, losses), lrs, losses};
}

/** Sets the rate of each step, notes the smoothed losses, and ends the fit. */
function growing(
  {rate, numIt, stopDiv}: {rate(position: number): number; numIt: number; stopDiv: boolean},
  seen: {lrs: number[]; losses: number[]},
): Callback {
  let best = Infinity;
  return {
    name: 'lr-find',
    runAfter: ['recorder', 'discriminative-lr', 'param-scheduler', 'schedule'],
    beforeBatch({training, step, hyperparameters}) {
      if (training) hyperparameters.set('lr', rate(step / numIt));
    },
    async afterBatch(learn) {
      if (!learn.training) return;
      await learn.readLosses();
      const loss = learn.recorder?.smoothLoss.value ?? learn.lastLoss!.value;
      seen.lrs.push(rate((learn.step - 1) / numIt));
      seen.losses.push(loss);
      best = Math.min(best, loss);
      if (!Number.isFinite(loss)) learn.stop('the loss is not finite');
      else if (stopDiv && best > 0 && loss > 4 * best) learn.stop('the loss grows');
      else if (learn.step >= numIt) learn.stop('lr-find is done');
    },
    beforeValidate: ({cancel}) => cancel('Validate'),
  };
}
