import {isGanError} from '../errors.js';
import type {RunConfig} from '../options/run-config.js';
import type {TrainingOptions, Training} from './open-training.js';
import {RunFolder} from './run-folder.js';
import type {FitRequest, TrainResult} from './train.js';

/** Opens the training of a configuration, new or from a checkpoint of the run. */
export type OpenTraining = (config: RunConfig, from: Pick<TrainingOptions, 'resume' | 'from'>) => Promise<Training>;

/**
 * Trains into a run folder. Where the training collapses or diverges it goes back to the best checkpoint, or without
 * one to the newest from before the trouble, and tries again with other random numbers and half the learning rates; not
 * more than `retries` times in the whole run, since `attempt` counts them. When there is nothing to go back to, or no
 * retry left, the run ends as it would without retries. Nor is there one after a loss that is not finite where several
 * ranks train together: the others may be in the next step by then, and cannot be called back.
 * @throws GanError as `Training.fit`
 */
export async function fitWithRetries(
  open: OpenTraining,
  config: RunConfig,
  dir: string,
  {from, ...request}: FitRequest & {from: Pick<TrainingOptions, 'resume' | 'from'>},
): Promise<TrainResult> {
  const training = await open(config, from);
  let failure: {since: number; end: () => TrainResult; why: string};
  try {
    const result = await training.fit(dir, request);
    const {stopped} = result;
    if (!stopped || (stopped.by !== 'collapse' && stopped.by !== 'diverged')) return result;
    failure = {since: stopped.since ?? result.step, end: () => result, why: stopped.why};
  } catch (error) {
    if (!isGanError(error) || error.kind !== 'diverged' || training.learn.ranks) throw error;
    const end = (): never => {
      throw error;
    };
    failure = {since: training.learn.step, end, why: error.message};
  } finally {
    await training.close();
  }
  const step = config.attempt < config.retries ? await goodStep(new RunFolder(dir), failure.since) : undefined;
  if (step === undefined) return failure.end();
  const {lr, criticLr, attempt} = training.config;
  const next = {
    ...training.config,
    attempt: attempt + 1,
    lr: lr / 2,
    ...(criticLr !== undefined && {criticLr: criticLr / 2}),
  };
  request.notify?.({
    type: 'retry',
    step,
    attempt: next.attempt,
    retries: config.retries,
    lr: next.lr,
    why: failure.why,
  });
  return fitWithRetries(open, next, dir, {...request, from: {resume: dir, from: step}});
}

/** Step of the best checkpoint, or of the newest, from before the trouble. */
async function goodStep(folder: RunFolder, since: number): Promise<number | undefined> {
  const best = await folder.best();
  if (best && best.step < since) return best.step;
  return (await folder.checkpointSteps()).findLast((step) => step < since);
}
