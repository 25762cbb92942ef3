import {GanError} from '../errors.js';
import type {Device} from '../backends/device.js';
import type {Architecture, GanLossPair} from '../plugin/index.js';
import {readCheckpoint, resumeFrom} from '../gan/checkpoint.js';
import type {Callback} from '../gan/callback.js';
import {scheduleLearningRate, type Schedule} from '../gan/callbacks/schedule.js';
import type {DataLoaders} from '../gan/data/types.js';
import {GANLearner} from '../gan/gan-learner.js';
import {measureImages, type NamedImageMetric} from '../gan/metrics/image-metrics.js';
import type {CritLossFunction, GenLossFunction} from '../gan/losses/gan-loss.js';
import type {Module} from '../gan/module.js';
import type {OptimizerFactory} from '../gan/optim/optimizer.js';
import {penalise, type Penalty} from '../gan/penalties/penalty.js';
import {repeatable} from '../gan/repeatable.js';
import {Rng} from '../gan/rng.js';
import {setSeed} from '../gan/streams.js';
import type {Switcher} from '../gan/switchers/switcher.js';
import {keepBest} from './best-checkpoint.js';
import {makeDataLoaders, type DataParts} from './data.js';
import {makeNetworks} from './networks.js';
import {drawSamples, logMetrics, reportProgress, stopAt, stopWhenDiverged, writeCheckpoints} from './run-callbacks.js';
import type {RunConfig} from '../options/run-config.js';
import {RunFolder} from './run-folder.js';
import {logToTensorBoard, rewindTensorBoard, wantsTensorBoard} from './tensorboard.js';

/** The parts that a configuration names, made from their options. */
export interface RunParts extends DataParts {
  architecture: Architecture;
  loss: GanLossPair;
  optimizer: OptimizerFactory;
  switcher: Switcher;
  penalty?: Penalty;
  schedule?: Schedule;
  metrics?: readonly NamedImageMetric[];
  callbacks?: readonly Callback[];
}

/** What a run tells while it trains, for progress bars and `--json`. */
export type TrainEvent =
  /** `notCaptured`: why no step will be repeated from a recording, as far as that is known before the first. */
  | {
      type: 'start';
      run: string;
      step: number;
      steps: number;
      epochs: number;
      items: number;
      generatorParameters: number;
      criticParameters: number;
      notCaptured?: string;
    }
  | {
      type: 'step';
      step: number;
      steps: number;
      epoch: number;
      mode: 'critic' | 'generator';
      loss: number;
      lr: number;
      genLoss?: number;
      critLoss?: number;
      images: number;
      imagesPerSecond: number;
      secondsLeft: number;
    }
  | {type: 'epoch'; columns: string[]; row: (number | null)[]; seconds: number}
  | {type: 'sample'; step: number; path: string}
  | {type: 'checkpoint'; step: number; path: string}
  | {type: 'warning'; message: string};

export interface TrainRequest {
  /** The run folder; made when missing. */
  dir: string;
  config: RunConfig;
  parts: RunParts;
  device: Device;
  /** Continue from the folder's last checkpoint. */
  resume: boolean;
  /** Aborted: finish the step, write a checkpoint, return. */
  signal: AbortSignal;
  notify(event: TrainEvent): void;
}

export interface TrainResult {
  /** Steps done in all, earlier parts of a resumed run included. */
  step: number;
  epoch: number;
  interrupted: boolean;
  checkpoint: string;
  /** The last sample grid. */
  sample?: string;
  skipped: {path: string; reason: string}[];
  /** Real images read per second, over the whole call. */
  imagesPerSecond: number;
}

/** Number of images in a sample grid. */
const sampleCount = 64;

/**
 * Trains as the configuration says, in the run folder, new or from its last checkpoint.
 * @throws GanError of every part: data (exit 5), configuration (3), diverged (6)
 */
export async function train(request: TrainRequest): Promise<TrainResult> {
  const {config, parts, signal, notify, resume} = request;
  const folder = new RunFolder(request.dir);
  const checkpoint = resume ? await readCheckpoint(await folder.latestCheckpoint()) : undefined;
  const dls = await makeDataLoaders(config, parts, (message) => notify({type: 'warning', message}));
  const length = dls.train.length;
  const steps = config.steps ?? config.epochs * length;
  const epochs = Math.ceil(steps / length);
  const position = checkpoint?.position ?? {epoch: 0, batch: 0, step: 0};
  if (checkpoint && position.step >= steps) {
    throw new GanError(
      'usage',
      'GAN_NOTHING_TO_DO',
      `the run ${request.dir} has done ${position.step} steps already, and ${steps} are wanted`,
      {suggestions: ['give more: --epochs or --steps']},
    );
  }
  setSeed(config.seed);
  const {generator, critic} = await makeNetworks(config, parts.architecture, checkpoint ? undefined : config.init);
  const learn = makeLearner(config, parts, dls, generator, critic);
  const log = logMetrics(learn, folder);
  const latents = {
    data: new Rng(config.seed).fork('samples').normal(sampleCount * config.latent),
    shape: [sampleCount, config.latent],
  };
  const board = wantsTensorBoard(config) ? logToTensorBoard(learn, folder, config, position) : undefined;
  const flush = async (): Promise<void> => {
    await log.flush();
    await board?.flush();
  };
  const samples = drawSamples(learn, folder, config, latents, async (sample) => {
    await board?.sample(sample);
    notify(sample);
  });
  const checkpoints = writeCheckpoints(folder, config, flush, notify);
  const judge = parts.metrics?.find(({name}) => name === config.keepBest);
  const best = judge ? [await keepBest(folder, judge, checkpoints.write)] : [];
  const progress = reportProgress(learn, steps, notify);
  try {
    const goOn = checkpoint && resumeFrom(learn, checkpoint);
    await folder.create();
    await folder.writeConfig(config);
    await folder.rewindMetrics(position);
    await rewindTensorBoard(folder, position);
    const cbs = [
      ...partCallbacks(config, parts, learn, steps),
      stopWhenDiverged(folder),
      log,
      ...(board ? [board] : []),
      samples,
      stopAt(steps, signal),
      checkpoints,
      ...best,
      progress,
    ];
    if (!learn.opt) learn.createOpt();
    const notCaptured = learn.capture.obstacle(learn, [...learn.callbacks, ...cbs]);
    notify({
      type: 'start',
      run: request.dir,
      step: position.step,
      steps,
      epochs,
      items: dls.train.size,
      generatorParameters: generator.parameterCount(),
      criticParameters: critic.parameterCount(),
      ...(notCaptured !== undefined && {notCaptured}),
    });
    await learn.fit(epochs, config.lr, {cbs, ...(config.wd !== undefined && {wd: config.wd}), ...goOn});
  } finally {
    await flush();
    learn.dispose();
  }
  return {
    step: learn.step,
    epoch: learn.epoch,
    interrupted: learn.step < steps,
    checkpoint: checkpoints.latest!,
    ...(samples.latest !== undefined && {sample: samples.latest}),
    skipped: dls.report().skipped,
    imagesPerSecond: progress.imagesPerSecond(),
  };
}

/** What a run's own parts do in the events of its training. */
function partCallbacks(
  {latent, seed, metricImages = 256}: RunConfig,
  parts: RunParts,
  learn: GANLearner,
  steps: number,
): Callback[] {
  const {penalty, schedule, metrics = [], callbacks = []} = parts;
  return [
    ...(penalty ? [penalise(learn, penalty)] : []),
    ...(schedule ? [scheduleLearningRate(schedule, steps)] : []),
    ...(metrics.length > 0 ? [measureImages(learn, metrics, {count: metricImages, latent, seed})] : []),
    ...callbacks,
  ];
}

/** The learner of a run, for its networks and data. */
export function makeLearner(
  config: RunConfig,
  parts: RunParts,
  dls: DataLoaders,
  generator: Module,
  critic: Module,
): GANLearner {
  const {loss} = parts;
  const genLossFunc: GenLossFunction = (fake, output, target) => loss.generator({fake, output, target});
  const critLossFunc: CritLossFunction = (real, fake) => loss.critic({real, fake});
  if (loss.repeatable) [genLossFunc, critLossFunc].forEach(repeatable);
  const learn = new GANLearner(dls, generator, critic, genLossFunc, critLossFunc, {
    switcher: parts.switcher,
    optFunc: parts.optimizer,
    lr: config.lr,
    genFirst: config.genFirst,
    clipNorms: config.clipNorms,
    switchEval: config.switchEval,
    compat: config.compat,
    capture: config.capture ?? 'auto',
    ...(config.clip !== undefined && {clip: config.clip}),
  });
  learn.recorder!.trainMetrics = true;
  learn.recorder!.validMetrics = dls.valid !== undefined;
  return learn;
}
