/** The callbacks of a run besides training. Each handles one concern. */
import {setImmediate} from 'node:timers/promises';
import {GanError, isGanError} from '../errors.js';
import {isNoSpace} from '../system-error.js';
import type {Callback} from '../gan/callback.js';
import {saveCheckpoint, type Checkpoint} from '../gan/checkpoint.js';
import {samplePicture, writePng} from '../gan/data/grid.js';
import {arePoints} from '../gan/data/points.js';
import type {DataLoaders, HostTensor} from '../gan/data/types.js';
import type {GANLearner} from '../gan/gan-learner.js';
import {firstImages} from '../gan/data/first-images.js';
import {imagesAtOnce} from '../gan/images-at-once.js';
import type {RunConfig} from '../options/run-config.js';
import {isOutOfMemory} from './batch-memory.js';
import {addToTotals, logMetricsName, type LogTotals} from './log-digest.js';
import type {MetricsLog} from './metrics-log.js';
import {dispensably, persistently} from './persist.js';
import type {Reserve} from './reserve.js';
import type {WriteCheckpoint} from './save-at-fault.js';
import type {RunFolder} from './run-folder.js';
import type {RunLock} from './run-lock.js';
import type {TrainEvent} from './train-event.js';

type Notify = (event: TrainEvent) => void;

/** Ends the run with an error once another process has the run folder, before anything is written into it. */
export function holdLock(lock: RunLock): Callback {
  const check = (): void => lock.checkNowAndThen();
  return {
    name: 'hold-lock',
    runAfter: ['image-metrics'],
    runBefore: ['log-metrics', 'tensorboard', 'watch', 'stop-when', 'draw-samples', 'write-checkpoints', 'keep-best'],
    afterLossRead: check,
    afterBatch: check,
    afterEpoch: check,
    afterFit: check,
  };
}

/** Ends the run with an error as soon as a loss is not finite; what was written before stays. */
export function stopWhenDiverged(folder: RunFolder): Callback {
  return {
    name: 'stop-when-diverged',
    runAfter: ['gan-trainer'],
    runBefore: ['recorder'],
    async afterLossRead({lastLoss}) {
      const {value, step} = lastLoss!;
      if (!Number.isFinite(value)) throw await diverged(folder, `the loss is ${value} at step ${step}`);
    },
  };
}

async function diverged(folder: RunFolder, what: string): Promise<GanError> {
  const last = (await folder.checkpoints()).at(-1);
  return new GanError(
    'diverged',
    'GAN_DIVERGED',
    `${what}; ${last === undefined ? 'no checkpoint had been written yet' : `the last good checkpoint is ${last}`}`,
    {
      suggestions: ['lower the learning rate (--lr)', 'use another loss or clip the weights (--clip)'],
    },
  );
}

/**
 * Ends the fit when the wanted number of steps is reached or the user asks to stop. Steps may follow each other without
 * a turn of the event loop, and no signal arrives without one: so each step takes one where there is a signal.
 */
export function stopAt(steps: number, signal?: AbortSignal): Callback {
  return {
    name: 'stop-at',
    runBefore: ['write-checkpoints'],
    async afterBatch({training, step, epoch, nEpoch, iter, nIter, stop}) {
      if (signal) await setImmediate();
      const endsAnyway = epoch === nEpoch - 1 && iter === nIter - 1; // after its validation
      if (!training || endsAnyway) return;
      if (step >= steps) stop(`${steps} steps are done`, {byAllRanks: true});
      else if (signal?.aborted) stop('interrupted', {code: Number(signal.reason) || 1});
    },
  };
}

/**
 * Writes a line for each step, and one for each epoch that ended, to metrics.jsonl.
 * @param totals of the lines that are there
 */
export function logMetrics(learn: GANLearner, log: MetricsLog, totals: LogTotals): Callback {
  log.noted = (line) => addToTotals(totals, line);
  return {
    name: logMetricsName,
    runAfter: ['recorder', 'image-metrics'],
    async afterLossRead({lastLoss}) {
      const {training, turn, step, epoch, value: loss, terms, gradNorm, lr, hyperparameters} = lastLoss!;
      if (!training) return;
      const {genSmooth, critSmooth} = learn.ganTrainer;
      await log.add({
        step,
        epoch,
        mode: turn!,
        loss,
        ...(genSmooth.value !== undefined && {genLoss: genSmooth.value}),
        ...(critSmooth.value !== undefined && {critLoss: critSmooth.value}),
        lr: lr!,
        ...(terms && {terms}),
        ...(gradNorm !== undefined && {gradNorm}),
        ...(hyperparameters && {hyperparameters}),
      });
    },
    async afterEpoch({step, stopReason, recorder}) {
      if (stopReason !== undefined) return; // it has not ended
      const {epoch, seconds, values} = recorder!.rows.at(-1)!;
      const row = Object.fromEntries(recorder!.columns.slice(1).map((name, i) => [name, values[i] ?? null]));
      await log.add({step, epoch, seconds, row});
    },
    afterFit: () => log.flush(),
    save: () => totals,
  };
}

/** Latents [n, latentSize] of the sample grids. */
export interface SampleInputs extends HostTensor {
  /** Of a conditional generator: a share of each class, [n, classes]. */
  labels?: Float32Array;
  /** Of the grid. Default: as square as possible. */
  columns?: number;
}

/** Seconds until the first sample grid: whoever began the training is still looking. */
const firstSampleSeconds = 5;

/**
 * Draws images from the same latents every `sampleEvery` steps and at the end, as many at a time as have memory;
 * between them when `sampleSeconds` have passed without one. The training does not depend on when: drawing takes no
 * random numbers from it.
 * @param now milliseconds; for tests
 */
export function drawSamples(
  learn: GANLearner,
  folder: RunFolder,
  {
    sampleEvery,
    sampleSeconds,
    size,
    batchSize,
  }: Pick<RunConfig, 'sampleEvery' | 'sampleSeconds' | 'size' | 'batchSize'>,
  latents: SampleInputs,
  drawn: (sample: Extract<TrainEvent, {type: 'sample'}>) => Promise<void>,
  warn: (message: string) => void,
  now: () => number = () => performance.now(),
): Callback & {latest?: string} {
  const byTime = sampleEvery > 0 && sampleSeconds > 0;
  let next: number | undefined;
  const isLate = (): boolean => {
    next ??= now() + 1000 * Math.min(firstSampleSeconds, sampleSeconds); // from the first step on, which takes longer
    return now() >= next;
  };
  const write = dispensably('sample grids cannot be written', warn);
  let drawnAt = -1;
  let real: HostTensor | undefined;
  const draw = async (step: number): Promise<void> => {
    if (drawnAt === step) return;
    drawnAt = step;
    next = now() + 1000 * sampleSeconds;
    const images = await inParts(latents, imagesAtOnce(size, batchSize), (...some) => learn.generate(...some));
    const path = folder.samplePath(step);
    if (arePoints(images.shape)) real ??= await firstPoints(learn.dls, images.shape[0]!);
    await write(async () => {
      await writePng(path, samplePicture(images, real, latents.columns));
      self.latest = path;
      await drawn({type: 'sample', step, path});
    });
  };
  const self: Callback & {latest?: string} = {
    name: 'draw-samples',
    runAfter: ['recorder', 'stop-at'],
    runBefore: ['write-checkpoints'],
    async afterBatch({training, step, stopReason}) {
      if (!training) return;
      const due = (sampleEvery > 0 && step % sampleEvery === 0) || (byTime && isLate());
      if (due || stopReason !== undefined) await draw(step); // a run with its last checkpoint has it
    },
    afterFit: async ({step}) => draw(step),
  };
  return self;
}

/** Images of latents [n, latentSize], `atOnce` of them at a time; fewer where the device has no memory for so many. */
async function inParts(
  {data, shape, labels}: SampleInputs,
  atOnce: number,
  draw: (latents: HostTensor, labels?: Float32Array) => Promise<HostTensor>,
): Promise<HostTensor> {
  const [n = 0, latentSize = 0] = shape;
  const classes = (labels?.length ?? 0) / n;
  let most = Math.min(n, atOnce);
  const parts: HostTensor[] = [];
  for (let from = 0; from < n;) {
    const to = Math.min(n, from + most);
    try {
      const some = {data: data.slice(from * latentSize, to * latentSize), shape: [to - from, latentSize]};
      parts.push(await draw(some, labels?.slice(from * classes, to * classes)));
      from = to;
    } catch (error) {
      if (!isOutOfMemory(error) || most === 1) throw error;
      most = Math.ceil(most / 2);
    }
  }
  if (parts.length === 1) return parts[0]!;
  return {
    data: new Uint8Array(Buffer.concat(parts.map((part) => part.data as Uint8Array))),
    shape: [n, ...parts[0]!.shape.slice(1)],
  };
}

/** The first points of the data, as bytes. */
async function firstPoints(dls: DataLoaders, count: number): Promise<HostTensor> {
  const {data, shape} = await firstImages(dls.valid ?? dls.train, count);
  return dls.normalization.undo(data, shape);
}

const checkpointsName = 'write-checkpoints';

interface CheckpointsState {
  /** It is the one that a fit writes last. */
  ended: boolean;
}

/** Whether a fit wrote the checkpoint last of all; undefined of one of an older version, which does not say so. */
export const isLastOfFit = ({callbacks}: Pick<Checkpoint, 'callbacks'>): boolean | undefined =>
  (callbacks[checkpointsName] as Partial<CheckpointsState> | undefined)?.ended;

export interface CheckpointWriting {
  /** Writes what belongs before a checkpoint. */
  flush(): Promise<void>;
  reserve: Reserve;
  notify: Notify;
  /** Step of the checkpoint that the run goes on from. */
  writtenAt?: number | undefined;
}

/**
 * Writes a checkpoint every `checkpointEvery` steps, when the fit is being ended, at the end, and when `write` is
 * called. What the system refuses is tried again. Where the disk is full, the reserved room takes one more: then the
 * training ends.
 */
export function writeCheckpoints(
  folder: RunFolder,
  {checkpointEvery, keepCheckpoints}: Pick<RunConfig, 'checkpointEvery' | 'keepCheckpoints'>,
  {flush, reserve, notify, writtenAt = -1}: CheckpointWriting,
): Callback & {latest?: string; write: WriteCheckpoint} {
  const prune = dispensably('old checkpoints cannot be deleted', (message) => notify({type: 'warning', message}));
  let ended = false;
  const write: WriteCheckpoint = async (learn, position, moment, isLast = false) => {
    const {step} = position;
    if (writtenAt === step) return;
    if (!moment) await learn.readLosses();
    await flush(); // the log must not lag behind the checkpoint
    if (isLast || learn.stopReason !== undefined || position.epoch === learn.nEpoch) await reserve.release();
    const path = folder.checkpointPath(step);
    const save = (): Promise<void> => saveCheckpoint(learn, path, position, moment);
    let noSpace: Error | undefined;
    try {
      await persistently(save).catch(async (error: unknown) => {
        if (!isNoSpace(error) || !(await reserve.release())) throw error;
        await save(); // before the lines that wait, which may have no end
        await flush();
        noSpace = error as Error;
      });
    } catch (error) {
      throw isGanError(error) && error.kind === 'diverged' ? await diverged(folder, error.message) : error;
    }
    writtenAt = step;
    self.latest = path;
    notify({type: 'checkpoint', step, path});
    if (noSpace !== undefined) throw noSpace;
    if (keepCheckpoints > 0) await prune(() => folder.prune(keepCheckpoints));
  };
  const self: ReturnType<typeof writeCheckpoints> = {
    name: checkpointsName,
    save: (): CheckpointsState => ({ended}),
    runAfter: ['recorder', 'switcher'],
    write,
    async afterBatch(learn) {
      if (!learn.training) return;
      const {epoch, iter, step} = learn;
      const due = checkpointEvery > 0 && step % checkpointEvery === 0;
      if (due || learn.stopReason !== undefined) await write(learn, {epoch, batch: iter + 1, step});
    },
    async afterFit(learn) {
      const {epoch, nEpoch, iter, step, stopReason, training} = learn;
      if (stopReason === undefined) {
        writtenAt = -1; // one from the last batch would have the epoch's end before it
        ended = true;
      }
      // what is agreed on by several ranks, or asked for, when an epoch has ended, its last batch did not know
      if (stopReason !== undefined && training) await write(learn, {epoch, batch: iter, step});
      else await write(learn, {epoch: stopReason === undefined ? nEpoch : epoch + 1, batch: 0, step});
    },
  };
  return self;
}

/** Reports steps, epochs and speed. */
export function reportProgress(
  learn: GANLearner,
  steps: number,
  notify: Notify,
): Callback & {imagesPerSecond(): number} {
  let images = 0;
  let start = 0;
  let done = 0;
  const imagesPerSecond = (): number => images / Math.max((performance.now() - start) / 1000, 1e-9);
  return {
    name: 'report-progress',
    runAfter: ['image-metrics', 'write-checkpoints'],
    imagesPerSecond,
    beforeBatch() {
      if (start === 0) start = performance.now();
    },
    afterLossRead({lastLoss}) {
      const {training, turn, step, epoch, value: loss, batchSize, lr} = lastLoss!;
      if (!training) return;
      images += batchSize;
      done++;
      const {genSmooth, critSmooth} = learn.ganTrainer;
      const [genLoss, critLoss] = [genSmooth.value, critSmooth.value];
      const secondsLeft = ((performance.now() - start) / 1000 / done) * (steps - step);
      notify({
        type: 'step',
        step,
        steps,
        epoch,
        mode: turn!,
        loss,
        lr: lr!,
        images,
        imagesPerSecond: imagesPerSecond(),
        secondsLeft,
        ...(genLoss !== undefined && {genLoss}),
        ...(critLoss !== undefined && {critLoss}),
      });
    },
    afterEpoch({recorder, step, stopReason}) {
      const {epoch, values, seconds} = recorder!.rows.at(-1)!;
      const interrupted = stopReason !== undefined && step < steps;
      if (!interrupted) notify({type: 'epoch', columns: recorder!.columns, row: [epoch, ...values], seconds});
    },
  };
}
