/** The library: everything of fastai's vision.gan, and what it stands on. Importing it opens no device. */
export {} from './backends/node-dom.js';
export {exitCodes, GanError, isGanError} from './errors.js';
export type {Device, DeviceInfo, DeviceMemory} from './backends/device.js';
export {tf, type Tensor} from './backends/tf.js';
export {openBackend} from './runs/devices/open-backend.js';
export {openRegistry, pluginIn} from './plugin/discover.js';

export {openTraining, type Training, type TrainingOptions} from './runs/open-training.js';
export type {FitRequest, TrainEvent, TrainResult} from './runs/train.js';
export {fitWithRetries, type OpenTraining} from './runs/retry.js';
export type {Stopped} from './runs/stop-when.js';
export type {Finding} from './runs/watch/finding.js';
export type {FindingName} from './options/stop-when.js';
export {
  openRun,
  Run,
  type DirectionsRequest,
  type EvaluateRequest,
  type GenerateRequest,
  type InterpolateRequest,
  type OfClass,
  type ProjectedImages,
  type RunOptions,
} from './runs/open-run.js';
export {loadRun, type LoadedRun} from './runs/load-run.js';
export {openData, type Settings} from './runs/data.js';
export {RunFolder, type BestCheckpoint, type CheckpointSelector, type Sample, type Session} from './runs/run-folder.js';
export {findRuns, summariseRun, type RunSummary} from './runs/run-summary.js';
export {MetricsLog, MetricsReader, type Found, type MetricsLine} from './runs/metrics-log.js';
export {augmentations, exporters, losses, metrics, penalties, recipes} from './built-in.js';
export type {RunParts} from './config/parts.js';
export type {GanConfig} from './config/define.js';
export type {PartChoice, RunConfig} from './options/run-config.js';

export {Module, Parameter, Buffer, Counter, type Layout, type StateDict, type StateTensor} from './gan/module.js';
export {ShapeError} from './gan/shape-error.js';
export {nn, type Nn} from './gan/nn.js';
export {LeakyReLU, ReLU, ReLU6, Sigmoid, SigmoidRange, Tanh} from './gan/layers/activations.js';
export {BatchNorm} from './gan/layers/batch-norm.js';
export {InstanceNorm} from './gan/layers/instance-norm.js';
export type {ClassChoice} from './gan/class-choice.js';
export {rowNames, type Classes} from './gan/classes.js';
export {ConditionalBatchNorm} from './gan/layers/conditional-batch-norm.js';
export {Conv, type ConvOptions} from './gan/layers/conv.js';
export {ConvLayer, type ActivationFactory, type ConvLayerOptions, type NormType} from './gan/layers/conv-layer.js';
export {Dense, type DenseOptions} from './gan/layers/dense.js';
export {Dropout2d} from './gan/layers/dropout.js';
export {ClassEmbeddingChannel, ConcatClassEmbedding} from './gan/layers/class-inputs.js';
export {Embedding, type EmbeddingOptions} from './gan/layers/embedding.js';
export {functional} from './gan/layers/functional.js';
export {GLU} from './gan/layers/glu.js';
export {
  kaimingNormal,
  kaimingUniform,
  normal,
  torchDefault,
  xavierUniform,
  zeros,
  type Init,
} from './gan/layers/init.js';
export {DownConv, UpConv, type ResamplingConvOptions} from './gan/layers/resampling-conv.js';
export {Residual} from './gan/layers/residual.js';
export {MinibatchStddev} from './gan/layers/minibatch-stddev.js';
export {PixelNorm} from './gan/layers/pixel-norm.js';
export {AvgPool, Blur, FirDown, PixelShuffle, PixelUnshuffle, Upsample} from './gan/layers/resampling.js';
export type {UpsampleMode} from './gan/layers/resampling.js';
export {SelfAttention} from './gan/layers/self-attention.js';
export {MergeLayer, Sequential, SequentialEx} from './gan/layers/sequential.js';
export {AddChannels, Flatten, GlobalSum, Reshape} from './gan/layers/shape-layers.js';
export {basicCritic, type BasicOptions} from './gan/nets/basic-critic.js';
export {basicGenerator} from './gan/nets/basic-generator.js';
export {DenseResBlock, ganCritic, type GanCriticOptions} from './gan/nets/gan-critic.js';
export {lightCritic, lightGenerator, type LightCriticOptions, type LightGeneratorOptions} from './gan/nets/light.js';
export {mlpCritic, mlpGenerator, type MlpOptions} from './gan/nets/mlp.js';
export {
  resnetCritic,
  resnetGenerator,
  type ResnetCriticOptions,
  type ResnetGeneratorOptions,
} from './gan/nets/resnet.js';

export {GANModule, setFreezeModel} from './gan/gan-module.js';
export {
  accuracyThreshExpand,
  AdaptiveLoss,
  GANLoss,
  ganLossFromFunc,
  stepLoss,
  wganLosses,
  type CritLossFunction,
  type GenLossFunction,
} from './gan/losses/gan-loss.js';
export {bceWithLogits, l1, mse} from './gan/losses/functions.js';
export type {LossFunction, StepLoss} from './gan/losses/loss.js';
export type {Terms} from './gan/losses/terms.js';
export type {Penalty} from './gan/penalties/penalty.js';
export type {StepImages, StepProgress, TrainingStep} from './gan/training-step.js';
export type {StepRandom} from './gan/step-random.js';

export {Learner, type FitOptions, type LearnerOptions, type OneCycleOptions} from './gan/learner.js';
export {GANLearner, type GANLearnerOptions} from './gan/gan-learner.js';
export {Cancel, type Callback} from './gan/callback.js';
export {GANTrainer, type GANTrainerOptions} from './gan/callbacks/gan-trainer.js';
export {GANDiscriminativeLR} from './gan/callbacks/discriminative-lr.js';
export {combinedCosine, cosine, ParamScheduler} from './gan/callbacks/param-scheduler.js';
export {
  scheduleHyperparameters,
  scheduleLearningRate,
  type Progress,
  type Schedule,
  type Scheduled,
} from './gan/callbacks/schedule.js';
export {Hyperparameters, type Hyperparameter, type HyperValue} from './gan/hyperparameters.js';
export {exponential, valley, type LrFindOptions, type LrFindResult} from './gan/callbacks/lr-find.js';
export {ProgressCallback, type ProgressOptions} from './runs/progress-callback.js';
export type {ProjectOptions, Projection} from './gan/project.js';
export {latentDirections, type DirectionOptions, type LatentDirections} from './gan/latent-directions.js';
export type {Results} from './gan/results.js';
export {Recorder, type EpochRow} from './gan/callbacks/recorder.js';
export {AverageMetric, type Metric, type MetricFunction} from './gan/metrics/metric.js';
export {AdaptiveGANSwitcher, FixedGANSwitcher, type StepCount} from './gan/switchers/gan-switchers.js';
export type {Switcher, SwitcherFacts, Turn} from './gan/switchers/switcher.js';
export {adam, rmsProp, sgd} from './gan/optim/rules.js';
export {adaAugmentation, type AdaPipe} from './gan/augmentations/ada.js';
export {AdaptAugmentations} from './gan/callbacks/adapt-augmentations.js';
export {
  CriticAugmentations,
  type Adaptation,
  type AugmentationDraw,
  type CriticAugmentation,
} from './gan/augmentations/critic-augmentation.js';
export {
  plainImages,
  plainSide,
  type Architecture,
  type ImageShape,
  type WantedCritic,
  type WantedGenerator,
} from './gan/nets/architecture.js';
export {WeightAverage} from './gan/optim/ema.js';
export {Optimizer, type LrSlice, type OptimizerFactory, type UpdateRule} from './gan/optim/optimizer.js';
export {normParameters, trainableParameters, type Splitter} from './gan/groups.js';
export {policies, type Compat, type Policies} from './gan/policies.js';
export {repeatable} from './gan/repeatable.js';
export type {CaptureMode, StepCapture} from './gan/step-capture.js';
export {registerKernels, type Kernel, type KernelArguments} from './backends/kernels.js';
export {
  defineOperation,
  type Operation,
  type OperationDefinition,
  type OperationGradient,
} from './backends/operation.js';
export {perStepTensor, onEachReplay} from './backends/capture/step-values.js';
export {Rng} from './gan/rng.js';
export {setSeed, streams, type Streams} from './gan/streams.js';

export {fromBatches, fromFolder, fromSource, type FolderOptions, type SourceOptions} from './gan/data/data-loaders.js';
export {decodeDeep, decodeImage} from './gan/data/decode.js';
export type {DecodeOptions, Depth} from './gan/data/decode-options.js';
export {getImageFiles, imageSource} from './gan/data/image-files.js';
export type {Channels, PixelData, Pixels, ResizeMethod} from './gan/data/pixels.js';
export type {DeepTensor} from './gan/data/host-tensor.js';
export {sidesOf, type GivenSize, type ImageSize} from './options/image-size.js';
export type {NamedImageMetric, ImageMetric} from './gan/metrics/image-metrics.js';
export {idxSource, readIdxSet, type IdxOptions, type IdxSet} from './gan/data/idx-set.js';
export {imageGrid, samplePicture, writeImage, writePng} from './gan/data/grid.js';
export {encodePng} from './gan/data/png.js';
export {generateNoise, InvisibleTensor} from './gan/data/noise.js';
export {imagenetStats, Normalization} from './gan/data/normalize.js';
export {
  countModes,
  mixtures,
  pointsSource,
  type Mixture,
  type ModeCount,
  type PointsOptions,
} from './gan/data/points.js';
export {shapesSource} from './gan/data/shapes.js';
export {
  funcSplitter,
  grandparentSplitter,
  indexSplitter,
  parentSplitter,
  randomSplitter,
} from './gan/data/splitters.js';
export type {
  Batch,
  DataLoader,
  DataLoaders,
  EndlessSource,
  FiniteSource,
  HostData,
  HostTensor,
  Source,
} from './gan/data/types.js';

export {
  readCheckpoint,
  restoreNetworks,
  resumeFrom,
  saveCheckpoint,
  type Checkpoint,
  type Position,
  weightsOf,
  type WeightsChoice,
} from './gan/checkpoint.js';
export {readSafetensors, writeSafetensors} from './gan/io/safetensors.js';
