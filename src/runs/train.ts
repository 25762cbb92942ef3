import {mkdir} from 'node:fs/promises';
import {GanError, isGanError} from '../errors.js';
import {quoted, systemError} from '../system-error.js';
import {checkpointBytes, resumeFrom, type Checkpoint} from '../gan/checkpoint.js';
import {arePoints} from '../gan/data/points.js';
import {gridByClass, joinRows} from '../gan/class-choice.js';
import type {Classes} from '../gan/classes.js';
import {Rng} from '../gan/rng.js';
import {keepBest} from './best-checkpoint.js';
import {addToTotals, checkTotals, logMetricsName, noTotals, type LogTotals} from './log-digest.js';
import type {MetricsLog} from './metrics-log.js';
import {
  drawSamples,
  holdLock,
  logMetrics,
  reportProgress,
  stopAt,
  stopWhenDiverged,
  writeCheckpoints,
  type SampleInputs,
} from './run-callbacks.js';
import {sidesOf} from '../options/image-size.js';
import type {RunConfig} from '../options/run-config.js';
import {RunFolder, type BestCheckpoint, type Origins, type Session} from './run-folder.js';
import type {TrainEvent} from './train-event.js';
import {lockRun, type RunLock} from './run-lock.js';
import {changeRates} from './learning-rates.js';
import {dispensably} from './persist.js';
import {writeRealGrid} from './real-grid.js';
import {sampleCount} from './sample-count.js';
import {Reserve, roomForLines} from './reserve.js';
import {saveAtFault} from './save-at-fault.js';
import {stopWhen, type Stopped} from './stop-when.js';
import {watchTraining} from './watch/watch.js';
import {logToTensorBoard, rewindTensorBoard, wantsTensorBoard} from './tensorboard.js';
import type {Device} from '../backends/device.js';
import type {RunParts} from '../config/parts.js';
import type {Callback} from '../gan/callback.js';
import type {DataLoaders} from '../gan/data/types.js';
import type {GANLearner} from '../gan/gan-learner.js';
import type {Refusal} from './devices/select.js';

export type {TrainEvent};

/** Everything that a configuration names, made, on an open device. */
export interface PreparedTraining {
  readonly config: RunConfig;
  readonly device: Device;
  /** The backends that `auto` passed over. */
  readonly refused: readonly Refusal[];
  readonly parts: RunParts;
  /** With the classes, where the training is conditional. */
  readonly dls: DataLoaders & {classes?: Classes};
  readonly learn: GANLearner;
  /** The callbacks of the parts (schedule, metrics, callbacks), for `learn.fit`. */
  readonly callbacks: readonly Callback[];
  /** Optimiser steps in all, of both networks. */
  readonly steps: number;
  /** Passes over the data that they take; the last may be a part. */
  readonly epochs: number;
  /** The point where a resumed training continues. */
  readonly checkpoint?: Checkpoint;
  /** Of the folder of a run that goes on. */
  readonly lock?: RunLock;
}

export interface FitRequest {
  /** Aborted: finish the step, write a checkpoint, return. */
  signal?: AbortSignal;
  notify?(event: TrainEvent): void;
  /** Where each value of the configuration came from. */
  origins?: Origins;
  /** Facts about the machine, for sessions.json. */
  environment?: Session['environment'];
  /** The lock of the run folder, where the caller holds it. Default: the training takes it, and gives it free. */
  lock?: RunLock;
}

export interface TrainResult {
  /** Steps done in all, earlier parts of a resumed run included. */
  step: number;
  epoch: number;
  interrupted: boolean;
  /** The exit code of the signal that interrupted it, where that came to another rank. */
  stopCode?: number;
  /** Why it ended early, where `stopWhen` or `retries` ended it. */
  stopped?: Stopped;
  checkpoint: string;
  /** The checkpoint that `keepBest` keeps. */
  best?: BestCheckpoint;
  /** The last sample grid. */
  sample?: string;
  skipped: {path: string; reason: string}[];
  /** Real images read per second, over the whole call. */
  imagesPerSecond: number;
}

/**
 * Trains into a run folder, new or gone on with, as `Training.fit` says: what a run does beside training are callbacks,
 * each one concern.
 * @throws GanError of every part: data (exit 5), configuration (3), diverged (6); GAN_RUN_IN_USE (2) while another
 * process trains in the folder
 */
export async function train(prepared: PreparedTraining, dir: string, request: FitRequest): Promise<TrainResult> {
  const own = request.lock ?? (prepared.lock?.dir === dir ? prepared.lock : undefined);
  if (own) return trainInto(own, prepared, request);
  await mkdir(dir, {recursive: true});
  const lock = await lockRun(dir);
  try {
    return await trainInto(lock, prepared, request);
  } finally {
    lock.release();
  }
}

async function trainInto(
  lock: RunLock,
  {config, device, parts, dls, learn, callbacks, steps, epochs, checkpoint}: PreparedTraining,
  {signal, notify = () => {}, origins, environment = {}}: FitRequest,
): Promise<TrainResult> {
  const {dir} = lock;
  const folder = new RunFolder(dir, {warn: (message) => notify({type: 'warning', message})});
  for (const history of [learn.recorder!, learn.ganTrainer]) history.keepsSteps = false; // metrics.jsonl does
  const position = checkpoint?.position ?? {epoch: 0, batch: 0, step: 0};
  const goOn = checkpoint && resumeFrom(learn, checkpoint, {otherSeed: config.attempt > 0});
  await folder.clearLeftovers();
  if (checkpoint) await folder.rewind(position.step);
  const warn = (message: string): void => notify({type: 'warning', message});
  const log = folder.metrics;
  const totals = noTotals();
  log.attempt = dispensably(`lines of ${log.path} cannot be written and wait`, warn);
  const withBoard = dispensably('events for TensorBoard cannot be written and wait', warn);
  const board = wantsTensorBoard(config) ? logToTensorBoard(learn, folder, config, position, withBoard) : undefined;
  const flush = async (): Promise<void> => {
    lock.check();
    await log.flush({sync: true});
    await board?.flush();
  };
  const samples = drawSamples(
    learn,
    folder,
    config,
    sampleInputs(config, dls.classes),
    async (sample) => {
      await board?.sample(sample);
      notify(sample);
    },
    warn,
  );
  const realGrid = writeRealGrid(dls, folder, {keep: position.step > 0, warn, mayWrite: () => lock.isHeld});
  const reserve = new Reserve(folder.reservePath);
  const checkpoints = writeCheckpoints(folder, config, {
    flush,
    reserve,
    notify,
    writtenAt: checkpoint?.position.step,
  });
  let savedAt: Saved | undefined;
  const judge = parts.metrics.find(({name}) => name === config.keepBest);
  const best = judge ? [await keepBest(folder, judge, checkpoints.write, checkpoint)] : [];
  const watch = watchTraining(learn, config, log, notify, board?.watched);
  const stopping = stopWhen(config, {metrics: parts.metrics, watch, log, write: checkpoints.write});
  const progress = reportProgress(learn, steps, notify);
  const cbs = [
    ...callbacks,
    holdLock(lock),
    stopWhenDiverged(folder),
    logMetrics(learn, log, totals),
    ...(board ? [board] : []),
    changeRates(config, checkpoint, checkpoint ? await folder.readConfig() : config),
    watch,
    ...stopping.callbacks,
    samples,
    realGrid,
    stopAt(steps, signal),
    checkpoints,
    ...best,
    progress,
    saveAtFault(checkpoints.write, (step, isExact) => (savedAt = {step, isExact})),
  ];
  try {
    await folder.create();
    await folder.writeConfig(config);
    if (dls.classes) await folder.writeClasses(dls.classes);
    const hadLog = await log.rewind(position);
    if (checkpoint) Object.assign(totals, await totalsBefore(checkpoint, log));
    if (checkpoint && !hadLog)
      notify({type: 'warning', message: `${log.path} is missing: the log goes on from step ${position.step}`});
    await rewindTensorBoard(folder, position);
    const session: Session = {
      began: new Date().toISOString(),
      afterStep: position.step,
      backend: device.name,
      device: device.info,
      environment,
      images: dls.train.size,
      generatorParameters: learn.ganModel.network('generator').parameterCount(),
      criticParameters: learn.ganModel.network('critic').parameterCount(),
    };
    await folder.addSession(session);
    if (origins) await folder.writeOrigins(origins, checkpoint !== undefined);
    if (!learn.opt) learn.createOpt();
    const notCaptured = learn.capture.obstacle(learn, [...learn.callbacks, ...cbs]);
    notify({
      type: 'start',
      run: dir,
      step: position.step,
      steps,
      epochs,
      items: session.images,
      generatorParameters: session.generatorParameters,
      criticParameters: session.criticParameters,
      ...(notCaptured !== undefined && {notCaptured}),
    });
    reserve.take(checkpointBytes(learn) + roomForLines, (why) =>
      warn(`no room for a last checkpoint can be reserved, in case the disk gets full: ${why}`),
    );
    await learn.fit(epochs, undefined, {cbs, steps, ...(config.wd !== undefined && {wd: config.wd}), ...goOn});
  } catch (error) {
    throw savedAt === undefined ? error : savedUpTo(savedAt, dir, error, warn);
  } finally {
    await realGrid.done();
    if (lock.isHeld) {
      await reserve.release();
      await flush();
    }
  }
  const {stopped} = stopping;
  const kept = await folder.best();
  return {
    step: learn.step,
    epoch: learn.epoch,
    interrupted: learn.step < steps && !stopped,
    ...(learn.stopCode > 0 && {stopCode: learn.stopCode}),
    ...(stopped && {stopped}),
    checkpoint: checkpoints.latest ?? (await folder.latestCheckpoint()),
    ...(kept && {best: kept}),
    ...(samples.latest !== undefined && {sample: samples.latest}),
    skipped: dls.report().skipped,
    imagesPerSecond: progress.imagesPerSecond(),
  };
}

/** What the lines of a log tell together that is to go on; a checkpoint of an older version does not keep it. */
async function totalsBefore({callbacks}: Checkpoint, log: MetricsLog): Promise<LogTotals> {
  const kept = callbacks[logMetricsName];
  if (kept !== undefined) return checkTotals(kept, logMetricsName);
  const totals = noTotals();
  await log.read((line) => addToTotals(totals, line), 'rare');
  return totals;
}

interface Saved {
  step: number;
  /** The training goes on as if nothing had been. */
  isExact: boolean;
}

/** The error that ended a training, with how to go on from what was saved. */
function savedUpTo({step, isExact}: Saved, dir: string, error: unknown, warn: (message: string) => void): unknown {
  const told = isGanError(error) ? error : systemError(error);
  const how = isExact ? '' : ', but not to the last bit (running statistics have seen the batch that failed)';
  const goOn = `The training is saved up to step ${step} and can go on there${how}: gan fit --resume ${quoted(dir)}`;
  if (told)
    return new GanError(told.kind, told.code as `GAN_${string}`, told.message, {
      // a backend says how runs go on, but does not know this one
      suggestions: [...told.suggestions.filter((text) => !/\bresume\b/i.test(text)), goOn],
      cause: told.cause ?? error,
    });
  warn(goOn);
  return error;
}

/** The same latents for all sample grids of a run; where it is conditional, the rows of the grid are classes. */
function sampleInputs({seed, latent, size, channels}: RunConfig, classes: Classes | undefined): SampleInputs {
  const count = sampleCount[arePoints([...sidesOf(size), channels]) ? 'points' : 'images'];
  const data = new Rng(seed).fork('samples').normal(count * latent);
  return classes ? inputsByClass(data, latent, classes) : {data, shape: [count, latent]};
}

/** The n-th row of each class has the same latents, so that what differs is the class. */
function inputsByClass(latents: Float32Array, latent: number, classes: Classes): SampleInputs {
  const {columns, rows} = gridByClass(classes);
  const before = new Map<string, number>();
  const data = rows.map((row) => {
    const at = before.get(row.join()) ?? 0;
    before.set(row.join(), at + 1);
    return latents.subarray(at * columns * latent, (at + 1) * columns * latent);
  });
  return {
    data: joinRows(data),
    shape: [rows.length * columns, latent],
    labels: joinRows(rows.flatMap((row) => Array.from({length: columns}, () => row))),
    columns,
  };
}
