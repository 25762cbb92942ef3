import {completeAddress, isAddress} from '../address.js';
import {GanError} from '../errors.js';
import {inWords, quoted} from '../system-error.js';
import {createParts, type RunParts} from '../config/parts.js';
import {resolveConfig} from '../config/resolve.js';
import type {CriticAugmentation} from '../gan/augmentations/critic-augmentation.js';
import type {Callback} from '../gan/callback.js';
import type {Classes} from '../gan/classes.js';
import type {DataIdentity} from '../gan/data/identity.js';
import {scheduleHyperparameters, type Scheduled} from '../gan/callbacks/schedule.js';
import type {Checkpoint} from '../gan/checkpoint.js';
import type {DataLoader, DataLoaders, SkippedItem} from '../gan/data/types.js';
import type {Networks} from '../gan/export/trained-run.js';
import {GANLearner} from '../gan/gan-learner.js';
import {openFeatures} from '../gan/metrics/feature-file.js';
import {imagesAtOnce} from '../gan/images-at-once.js';
import {synchroniseNorms} from '../gan/layers/batch-norm.js';
import {measureImages} from '../gan/metrics/measure-images.js';
import type {MeterOptions} from '../gan/metrics/image-meter.js';
import {FixedGANSwitcher} from '../gan/switchers/gan-switchers.js';
import {setSeed} from '../gan/streams.js';
import type {Given} from '../options/options-check.js';
import type {PartChoice, RunConfig} from '../options/run-config.js';
import {openRegistry} from '../plugin/discover.js';
import type {Registry} from '../plugin/registry.js';
import {adaptationDoubt} from './adaptation-doubt.js';
import {attemptSeed} from './attempt.js';
import {isOutOfMemory, largestAuto, largestBatch, withBatchAdvice} from './batch-memory.js';
import {makeDataLoaders, type RunData, type Settings} from './data.js';
import {isOnGpu, openDeviceFor, type DeviceOptions} from './devices/open-backend.js';
import {withPrecision} from './devices/precision.js';
import {checkMemory} from './memory-need.js';
import {makeNetworks} from './networks.js';
import {secondOrderError} from './second-order.js';
import {plannedSteps} from './planned-steps.js';
import {realImages} from './real-images.js';
import {isLastOfFit, stopAt} from './run-callbacks.js';
import {lockRun, type RunLock} from './run-lock.js';
import {classesOf, compareClasses, keepClasses, withoutClasses} from './kept-classes.js';
import {compareInputs, identityOf, inputsOf, keepInputs, packagesOf, settingsOf} from './inputs.js';
import {agree} from './ranks/agree.js';
import {batchSizeOfAll, checkWaits, joinRanks} from './ranks/join-ranks.js';
import {Remarks} from './ranks/remarks.js';
import type {Ranks} from './ranks/ranks.js';
import {readRunCheckpoint} from './read-run-checkpoint.js';
import {scheduleJump} from './schedule-jump.js';
import {RunFolder, type CheckpointSelector} from './run-folder.js';
import {traceAsAsked} from './trace-as-asked.js';
import {train, type FitRequest, type PreparedTraining, type TrainResult} from './train.js';

export interface TrainingOptions extends DeviceOptions {
  /** The parts that can be named. Default: those of this package and of the plug-ins that it depends on. */
  registry?: Registry;
  /**
   * A run folder: the training goes on from its newest checkpoint, or from `from`. The settings are to be those of
   * `RunFolder.readConfig`, with more steps perhaps.
   */
  resume?: string;
  /** The checkpoint to go on from, where that is not the newest: later ones, and what was logged after it, go away. */
  from?: CheckpointSelector;
  /**
   * Goes on although the data or settings are not those that the checkpoint was made with, which is refused otherwise.
   * The run then does not end as it would have, and cannot be repeated.
   */
  acceptChanges?: boolean;
  /** The lock of the run folder, where the caller holds it. Default: that of `resume` is taken, until `close`. */
  lock?: RunLock;
  /** The batch size is to be found (`largestBatch`), whatever the settings say; `auto` in the settings says so, too. */
  autoBatchSize?: boolean;
  /** These in place of the parts that the configuration names. */
  parts?: Partial<RunParts>;
  /** Where metrics keep features of real images for the next time. Default: nowhere. */
  cacheFolder?: string;
  /** Told of what does not stop the training, such as a file that cannot be read. */
  warn?(message: string): void;
  /** The processes that train together; each opens the training. Rank 0 says what the others open (`follow`). */
  ranks?: Ranks;
  /** Of a rank but the first: what rank 0 has read. */
  checkpoint?: Checkpoint;
}

/** A training that is ready to begin: everything that a configuration names, made, on an open device. */
export interface Training extends PreparedTraining {
  readonly dls: RunData;
  /**
   * Trains to the end, into a run folder: configuration, metrics, sample grids, checkpoints. Once only.
   * @throws GanError of every part: data (exit 5), configuration (3), diverged (6). Where the device runs out of
   * memory, it says which batch it has enough for: that was tried
   */
  fit(dir: string, request?: FitRequest): Promise<TrainResult>;
  /** Passes on what becomes of other work with the learner; its errors say what to do, as those of `fit`. */
  explained<T>(work: Promise<T>): Promise<T>;
  /** Frees the networks and the optimiser, and closes the device if `openTraining` opened it. */
  close(): Promise<void>;
}

/**
 * From settings to a learner on an open device, as `gan fit` does it:
 *
 *     const training = await openTraining({data: 'photos', recipe: 'wgan', size: 64, epochs: 20});
 *     await training.fit('runs/photos');
 *     await training.close();
 *
 * Files and environment do not count. The seed of the configuration is set before the networks are made.
 * @throws GanError of the configuration (exit 2, 3), the backend (4), the data (5); GAN_NOTHING_TO_DO when the resumed
 * run is done
 */
export function openTraining(settings: Settings, options: TrainingOptions = {}): Promise<Training> {
  return inWords(open(settings, options));
}

async function open(settings: Settings, options: TrainingOptions): Promise<Training> {
  const {registry = openRegistry(), resume, lock: given, from = 'newest', cacheFolder, ranks} = options;
  const remarks = ranks && new Remarks(ranks, options.warn ?? (() => {}));
  const warn = remarks?.warn ?? options.warn ?? (() => {});
  const resolved = await resolveConfig({
    registry,
    settings: {values: settings, origin: 'openTraining'},
    onGpu: (chosen) => isOnGpu(registry, {backend: chosen, ...options}),
  });
  const {auto} = resolved;
  let {config} = resolved;
  const {backend: asked = resolved.backend} = options;
  const choice = typeof asked === 'string' ? {name: asked, options: {}} : asked;
  const backend = options.device ? choice : await withPrecision(registry, choice, config);
  const deviceName = await deviceOfRank(registry, backend, options);
  const own = given || resume === undefined ? undefined : await lockOfRun(resume);
  const lock = given ?? own;
  let opened = await openDeviceFor(registry, {...options, ...(deviceName && {deviceName}), backend}).catch(
    (error: unknown) => {
      own?.release();
      throw error;
    },
  );
  let learn: GANLearner | undefined;
  let leaveRanks = (): void => {};
  let endTrace = (): void => {};
  const close = async (): Promise<void> => {
    own?.release();
    learn?.dispose();
    learn = undefined;
    try {
      endTrace();
    } finally {
      leaveRanks();
      await opened.close();
    }
  };
  /** What a configuration names, and a learner of it. */
  const make = async (
    wanted: RunConfig,
    over: Partial<RunParts>,
    {ranks: together, ...loading}: {warn?: typeof warn; ranks?: Ranks | undefined},
    init?: string,
  ) => {
    const parts: RunParts = {...(await createParts(registry, wanted)), ...over};
    const dls = await makeDataLoaders(wanted, parts, loading);
    setSeed(attemptSeed(wanted));
    return {
      parts,
      dls,
      learn: makeLearner(
        wanted,
        parts,
        dls,
        await makeNetworks(wanted, parts.architecture, dls.classes, init),
        together,
      ),
    };
  };
  /**
   * Two steps of each network, with the gradients of two passes if there are more, by a learner of its own. In its
   * second step a network has the averages of its optimiser too.
   */
  const fits = async (batchSize: number, passes: number): Promise<boolean> => {
    const trial = {...config, batchSize, accumulate: Math.min(2, passes)};
    let made: Made | undefined;
    try {
      made = await make(trial, {...options.parts, switcher: FixedGANSwitcher(1, 1)}, {});
      await made.learn.fit(4, undefined, {cbs: [stopAt(4)]});
      return true;
    } catch (error) {
      if (isOutOfMemory(error)) return false;
      throw error;
    } finally {
      made?.learn.dispose();
    }
  };
  const goesOn = (): Promise<boolean> =>
    opened.device.sync().then(
      () => true,
      () => false,
    );
  const advised = async (error: GanError): Promise<GanError> => {
    learn?.dispose(); // it takes memory, and is no more of use
    learn = undefined;
    const {batchSize, accumulate} = config;
    const tried = (size: number): Promise<boolean> => fits(size, (batchSize * accumulate) / size);
    // ranks cannot try by themselves
    return withBatchAdvice(error, config, !ranks && (await goesOn()) ? tried : undefined);
  };
  /** The batch size that the device has memory for. */
  const findBatchSize = async (): Promise<number> => {
    const {accumulate} = config;
    const parts = {...(await createParts(registry, config)), ...options.parts};
    const {train} = await makeDataLoaders({...config, batchSize: 1, accumulate: 1}, parts);
    const most = Math.min(largestAuto, Math.floor(train.size / accumulate / (ranks?.collective.size ?? 1)));
    const found = await largestBatch((size) => fits(size, accumulate), most);
    if (await goesOn()) return found;
    await opened.close(); // it does not survive that its memory runs out
    opened = await openDeviceFor(registry, {...options, ...(deviceName && {deviceName}), backend});
    return found;
  };
  try {
    if (ranks) checkWaits(opened.device);
    const isAuto = (options.autoBatchSize || auto.includes('batchSize')) && resume === undefined;
    const checkpoint =
      resume === undefined
        ? options.checkpoint
        : await readRunCheckpoint(
            new RunFolder(resume),
            from,
            (step) =>
              `gan fit --resume ${quoted(resume)} --from ${step}   goes on from the checkpoint of step ${step}.`,
          );
    if (ranks?.isFirst) {
      const {name} = opened.device;
      const used = {name, options: choice.name === name ? choice.options : {}};
      const before = resume === undefined ? undefined : await new RunFolder(resume).readConfig();
      const address = isAddress(config.data) ? completeAddress(config.data) : undefined;
      await ranks.order({do: 'train', config, address, backend: used, checkpoint, before, autoBatchSize: isAuto});
    }
    /** Before the ranks compute anything together: unlike ones would wait for each other. */
    const compareRanks = async (data?: Promise<DataIdentity | undefined>): Promise<void> => {
      const backend = opened.device.name;
      if (ranks) await agree(ranks, {backend, packages: packagesOf(registry, config, backend), data: await data});
    };
    await compareRanks();
    if (isAuto) {
      const own = await findBatchSize();
      config = {...config, batchSize: ranks ? await batchSizeOfAll(ranks, own) : own};
    }
    if (ranks) leaveRanks = await joinRanks(ranks, opened.device);
    endTrace = await traceAsAsked(ranks?.rank);
    const init = checkpoint ? undefined : config.init;
    const classesLost = (error: unknown): never => {
      if (!checkpoint || resume === undefined) throw error;
      throw withoutClasses(error, classesOf(checkpoint), {run: resume, step: checkpoint.position.step});
    };
    if (config.steps === undefined && config.minutes !== undefined) {
      const timed = await make(config, options.parts ?? {}, {ranks}, init).catch(classesLost);
      learn = timed.learn;
      if (ranks) await compareRanks(identityOf(timed.dls.identify, warn));
      const planned = await plannedSteps(learn, config.minutes);
      const steps = ranks ? await ranks.fromFirst(planned) : planned;
      learn.dispose();
      config = {...config, steps: (checkpoint?.position.step ?? 0) + steps};
    }
    const made = await make(config, options.parts ?? {}, {warn, ranks}, init).catch(classesLost);
    learn = made.learn;
    const {parts, dls} = made;
    const doubt = adaptationDoubt(config, parts);
    [...dls.notes, ...(doubt === undefined ? [] : [doubt])].forEach(warn);
    if (!(await isOnGpu(registry, {device: opened.device}))) checkMemory(learn, config, warn);
    const steps = config.steps ?? config.epochs * dls.train.length;
    const {name: backendName} = opened.device;
    const inputs = {
      settings: settingsOf(config),
      backend: backendName,
      packages: packagesOf(registry, config, backendName),
      steps,
    };
    const identity = identityOf(dls.identify, warn); // while the training begins
    await compareRanks(identity);
    const before = checkpoint && inputsOf(checkpoint);
    if (checkpoint && before && resume !== undefined) {
      const now = {...inputs, data: await identity};
      const where = {run: resume, data: config.data, step: checkpoint.position.step};
      if (dls.classes) compareClasses(classesOf(checkpoint), dls.classes, where);
      for (const change of compareInputs(before, now, {...where, accept: options.acceptChanges ?? false})) warn(change);
    }
    if (
      resume !== undefined &&
      checkpoint &&
      checkpoint.position.step >= steps &&
      !lacksEnd(checkpoint, steps, dls.train)
    ) {
      await tidy(new RunFolder(resume), config);
      throw nothingToDo(resume, checkpoint.position.step, steps);
    }
    const jump = checkpoint && scheduleJump(config, parts, checkpoint, {steps, before: before?.steps});
    if (jump !== undefined) warn(jump);
    const explained = <T>(work: Promise<T>): Promise<T> =>
      inWords(work).catch(async (error: unknown) => {
        throw isOutOfMemory(error)
          ? await advised(error)
          : (secondOrderError(error, training, (kind, name) => registry.ownerOf(kind, name)) ?? error);
      });
    const skipped = (): readonly SkippedItem[] => dls.report().skipped;
    const training: Training = {
      config,
      device: opened.device,
      refused: opened.refused,
      parts,
      dls: remarks ? {...dls, report: () => ({...dls.report(), skipped: remarks.allSkipped(skipped())})} : dls,
      learn,
      callbacks: [
        ...partCallbacks(
          parts,
          learn,
          steps,
          ranks?.isFirst === false
            ? undefined
            : measureWith(config, learn, dls.classes, {
                registry,
                warn,
                ...(options.parts?.source && {source: options.parts.source}),
                ...(cacheFolder !== undefined && {cacheFolder}),
              }),
        ),
        ...(ranks ? [ranks.lastWords.ofSteps()] : []),
        ...(remarks ? [remarks.exchange(skipped)] : []),
        keepInputs(inputs, identity),
        ...(dls.classes ? [keepClasses(dls.classes)] : []),
      ],
      steps,
      epochs: Math.ceil(steps / dls.train.length),
      ...(checkpoint && {checkpoint}),
      ...(resume !== undefined && lock && {lock}),
      explained,
      fit: (dir, request = {}) => explained(train(training, dir, request)).finally(() => own?.release()),
      close,
    };
    return training;
  } catch (error) {
    await close();
    throw error;
  }
}

/** On a machine with several ranks each takes the GPU of its number there, where the user names none. */
async function deviceOfRank(
  registry: Registry,
  backend: PartChoice,
  {deviceName, device, ranks}: TrainingOptions,
): Promise<Given | undefined> {
  const {localRank, localSize = 1} = ranks?.launched ?? {};
  if (deviceName || device || localRank === undefined || localSize < 2) return deviceName;
  if (backend.name === 'auto' || !(await isOnGpu(registry, {backend}))) return undefined;
  return {value: String(localRank), origin: `rank ${ranks!.rank}`};
}

/** @throws GanError GAN_RUN_NOT_FOUND (exit 5), GAN_RUN_IN_USE (exit 2) */
async function lockOfRun(dir: string): Promise<RunLock> {
  await new RunFolder(dir).configFile();
  return lockRun(dir);
}

interface Made {
  parts: RunParts;
  dls: RunData;
  learn: GANLearner;
}

/**
 * Whether a run has done its steps, but a crash came before the end of its last epoch: the row, the best checkpoint,
 * the last sample grid.
 */
function lacksEnd(checkpoint: Checkpoint, steps: number, {length}: DataLoader): boolean {
  const {step, batch} = checkpoint.position;
  return step === steps && (batch === length || (batch === 0 && isLastOfFit(checkpoint) === false));
}

/** Takes away what a crash left after the last checkpoint was written. */
async function tidy(folder: RunFolder, {keepCheckpoints}: RunConfig): Promise<void> {
  await folder.clearLeftovers();
  if (keepCheckpoints > 0) await folder.prune(keepCheckpoints);
}

function nothingToDo(dir: string, done: number, wanted: number): GanError {
  return new GanError(
    'usage',
    'GAN_NOTHING_TO_DO',
    `the run ${dir} has done ${done} steps already, and ${wanted} are wanted`,
    {
      suggestions: [
        `gan fit --resume ${quoted(dir)} --steps ${2 * Math.max(done, wanted)}   trains for as many again`,
        'or request more with --epochs',
      ],
    },
  );
}

/** The learner of a run, for its networks and data. */
function makeLearner(
  config: RunConfig,
  parts: RunParts,
  dls: DataLoaders,
  {generator, critic}: Networks,
  ranks?: Ranks,
): GANLearner {
  const learn = new GANLearner(dls, generator, critic, parts.loss, {
    penalties: parts.penalties,
    switcher: parts.switcher,
    optFunc: parts.optimizer,
    lr: config.lr,
    ...(config.criticLr !== undefined && {criticLr: config.criticLr}),
    ...(parts.criticOptimizer && {criticOptFunc: parts.criticOptimizer}),
    emaHalfLife: config.emaHalfLife,
    augmentations: parts.augmentations.filter(isOfCritic),
    genFirst: config.genFirst,
    clipNorms: config.clipNorms,
    switchEval: config.switchEval,
    compat: config.compat,
    capture: config.capture,
    accumulate: config.accumulate,
    ...(ranks && {ranks: ranks.collective}),
    ...(config.gradClip !== undefined && {gradClip: config.gradClip}),
    ...(config.clip !== undefined && {clip: config.clip}),
  });
  if (config.syncBn) synchroniseNorms(learn.ganModel);
  learn.recorder!.trainMetrics = true;
  learn.recorder!.validMetrics = dls.valid !== undefined;
  return learn;
}

/** Whether an augmentation is of what the critic sees, not of items on their way into a batch. */
const isOfCritic = (
  augmentation: RunParts['augmentations'][number],
): augmentation is CriticAugmentation & {name: string} => typeof augmentation !== 'function';

/** The tools of the metrics, made when the first epoch has ended. */
const measureWith =
  (
    config: RunConfig,
    learn: GANLearner,
    classes: Classes | undefined,
    using: Omit<Parameters<typeof realImages>[1], 'count'>,
  ) =>
  async (): Promise<MeterOptions> => ({
    real: await realImages(config, {...using, count: config.metricImages}),
    draw: (latents, labels) => learn.draw(latents, labels),
    ...(classes && {classes}),
    atOnce: imagesAtOnce(config.size, config.batchSize),
    normalization: learn.dls.normalization,
    extractor: await openFeatures(config.features),
    latent: config.latent,
    seed: config.seed,
  });

/** What a training's own parts do in the events of a fit. */
function partCallbacks(
  {schedule, schedules, metrics, callbacks}: RunParts,
  learn: GANLearner,
  steps: number,
  measuring: (() => Promise<MeterOptions>) | undefined,
): Callback[] {
  const scheduled: Record<string, Scheduled> = {...(schedule && {lr: {schedule}}), ...schedules};
  for (const name of Object.keys(scheduled)) learn.hyperparameters.get(name); // an unknown one is refused here
  return [
    ...(Object.keys(scheduled).length > 0 ? [scheduleHyperparameters(scheduled, steps)] : []),
    ...(metrics.length > 0 && measuring ? [measureImages(metrics, measuring)] : []),
    ...callbacks,
  ];
}
