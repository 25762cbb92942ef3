/**
 * The plug-in API. A part is a module whose default export receives a `Gan` object and returns a definition:
 *
 *     import type {Gan} from 'gankit/plugin';
 *     export default ({switcher, opt}: Gan) => switcher({name: 'fixed', ...});
 *
 * Only types are imported, so no second copy of this package or of tfjs can enter by a plug-in. The package says in its
 * package.json what it brings: `"gan": {"api": 2, "switchers": {"fixed": "./dist/fixed.js"}}`.
 */
import type {Backend, Finding} from '../backends/device.js';
import type {registerKernels} from '../backends/kernels.js';
import type {defineOperation} from '../backends/operation.js';
import type {Tf} from '../backends/tf.js';
import type {Callback} from '../gan/callback.js';
import type {Schedule} from '../gan/callbacks/schedule.js';
import type {CriticAugmentation} from '../gan/augmentations/critic-augmentation.js';
import type {Augmentation} from '../gan/data/augment.js';
import type * as builtInData from '../gan/data/built-in.js';
import type {SourceFactory} from '../gan/data/types.js';
import type {StepLoss} from '../gan/losses/loss.js';
import type {Architecture} from '../gan/nets/architecture.js';
import type {ImageMetric} from '../gan/metrics/image-metrics.js';
import type {Measures} from '../gan/metrics/measures.js';
import type {Nn} from '../gan/nn.js';
import type {OptimizerFactory} from '../gan/optim/optimizer.js';
import type {Penalty} from '../gan/penalties/penalty.js';
import type {ExportTools} from '../gan/export/tools.js';
import type {TrainedRun} from '../gan/export/trained-run.js';
import type {Rng} from '../gan/rng.js';
import type {Switcher} from '../gan/switchers/switcher.js';
import type {GanError} from '../errors.js';
import type {SystemLimits} from '../system-limits.js';
import type {PartKind} from '../options/kinds.js';
import type {Opt, OptionSpecs, OptionValues} from '../options/options.js';

export type {
  Backend,
  Device,
  DeviceInfo,
  DeviceMemory,
  Finding,
  HostTensors,
  ListedDevice,
  OpenedDevice,
  Probe,
} from '../backends/device.js';
export type {
  Collective,
  DeviceCollective,
  DeviceSums,
  Failure,
  MemoryAt,
  NativeCall,
  SumsUnderWay,
  Work,
} from '../backends/collective.js';
export type {Kernel, KernelArguments} from '../backends/kernels.js';
export type {Operation, OperationDefinition, OperationGradient} from '../backends/operation.js';
export type {Tensor, Tf} from '../backends/tf.js';
export type {GanError} from '../errors.js';
export type {SystemLimits} from '../system-limits.js';
export type {Callback} from '../gan/callback.js';
export type {Progress, Schedule, Scheduled} from '../gan/callbacks/schedule.js';
export type {Adaptation, AugmentationDraw, CriticAugmentation} from '../gan/augmentations/critic-augmentation.js';
export type {Augmentation} from '../gan/data/augment.js';
export type {HostData, HostTensor, Source, SourceFactory, WantedImages} from '../gan/data/types.js';
export type {StepLoss} from '../gan/losses/loss.js';
export type {Terms} from '../gan/losses/terms.js';
export type {StepImages, StepProgress, TrainingStep} from '../gan/training-step.js';
export type {StepRandom} from '../gan/step-random.js';
export type {Architecture, ImageShape, WantedCritic, WantedGenerator} from '../gan/nets/architecture.js';
export type {Learner} from '../gan/learner.js';
export type {Features} from '../gan/metrics/features.js';
export type {
  FeatureMetric,
  FeatureSets,
  ImageMetric,
  ImageSets,
  MetricFacts,
  MetricValue,
  PictureMetric,
  PictureSets,
  TensorMetric,
} from '../gan/metrics/image-metrics.js';
export type {Module} from '../gan/module.js';
export type {Nn} from '../gan/nn.js';
export type {Optimizer, OptimizerFactory, UpdateRule} from '../gan/optim/optimizer.js';
export type {Penalty} from '../gan/penalties/penalty.js';
export type {Rng} from '../gan/rng.js';
export type {RunConfig} from '../options/run-config.js';
export type {Fault as UnsupportedLayer} from '../gan/export/export-error.js';
export type {
  Attribute as GraphAttribute,
  Constant as GraphConstant,
  Graph,
  GraphNode,
  Id as GraphId,
  Size as GraphSize,
  Value as GraphValue,
} from '../gan/export/graph.js';
export type {ExportTools} from '../gan/export/tools.js';
export type {NetworkFacts, NetworkName, TracedNetwork} from '../gan/export/traced-network.js';
export type {CardRequest, Files, TrainedRun} from '../gan/export/trained-run.js';
export type {WeightType} from '../gan/io/safetensors.js';
export type {Switcher, SwitcherFacts, Turn} from '../gan/switchers/switcher.js';
export type {
  BoolSpec,
  IntSpec,
  NumSpec,
  OneOfSpec,
  Opt,
  OptionSpec,
  OptionSpecs,
  OptionValues,
  SizeSpec,
  StrSpec,
} from '../options/options.js';
export type {ImageSize} from '../options/image-size.js';

/** Raised by one when a plug-in written for the old API can no longer work. */
export const apiVersion = 2;

/** A part: what it is called, what it can be told, and how it is made. `create` runs only when the part is used. */
export interface Definition<Created, S extends OptionSpecs = OptionSpecs> {
  name: string;
  /** One line for `--help` and listings. */
  summary: string;
  options?: S;
  create(options: OptionValues<S>): Created;
}

/** The definition of a backend besides its `Backend`. */
export interface BackendDefinition<S extends OptionSpecs = OptionSpecs> extends Definition<Backend, S> {
  /** `--backend auto` tries the highest number first: cuda 300, webgpu 200, wasm 100. Default 0. */
  priority?: number;
  /** It computes on a GPU alone: where there is none, `gan doctor` says nothing of it. */
  needsGpu?: boolean;
}

/** The definition of a data source besides its factory. */
export interface SourceDefinition<S extends OptionSpecs = OptionSpecs> extends Definition<SourceFactory, S> {
  /**
   * Values of the configuration that suit the data, such as `size` and `channels`: they count more than a recipe's, and
   * less than what the user says. `recipe` is the recipe for who names none.
   */
  defaults?(options: OptionValues<S>): Record<string, unknown>;
}

/** A named set of configuration values, with the origin of the numbers. */
export interface Recipe {
  values: Record<string, unknown>;
  source: string;
}

/** A format of `gan export`; `--out` says where to. */
export interface Exporter {
  /** The ending of the file that it writes, with its dot; absent of one that writes a folder. */
  extension?: string | undefined;
  /**
   * Writes the run and resolves to the paths of the files written.
   * @param out what the user gave as --out: the file to write, or the folder, whichever the format is; it may be
   * missing
   */
  write(run: TrainedRun, out: string): Promise<string[]>;
}

/** Something that `gan doctor` looks at: quick, loads no tfjs. A `problem` of a plug-in counts as a warning. */
export type DoctorCheck = (facts: {
  /** The folder in which `gan fit` would make its runs. */
  cwd: string;
}) => Finding[] | Promise<Finding[]>;

/** Handlers of a training's events. The part's name names its state in checkpoints. */
export type CallbackPart = Omit<Callback, 'name'>;

/**
 * The result of `create` of each kind of part. `partKinds` has the other facts about a kind. The comments become those
 * of `Gan`.
 */
export interface PartKinds {
  /** Defines what trainings run on. */
  backend: Backend;
  /** Defines a generator and a critic. */
  architecture: Architecture;
  /** Defines what the critic and the generator minimise. */
  loss: StepLoss;
  /** Defines what one of the networks minimises beside its loss. */
  penalty: Penalty;
  /** Defines how gradients change weights. */
  optimizer: OptimizerFactory;
  /** Defines which network trains next. */
  switcher: Switcher;
  /** Defines a hyperparameter's course over a training. */
  schedule: Schedule;
  /** Defines images that come from elsewhere than a folder. */
  source: SourceFactory;
  /** Defines a change of a training image: of real ones on their way into a batch, or of all that the critic sees. */
  augmentation: Augmentation | CriticAugmentation;
  /** Defines a number that says at the end of each epoch how good the images are. */
  metric: ImageMetric;
  /** Defines handlers of a training's events. */
  callback: CallbackPart;
  /** Defines a named set of configuration values. */
  recipe: Recipe;
  /** Defines a format of `gan export`. */
  exporter: Exporter;
  /** Defines something that `gan doctor` looks at. */
  check: DoctorCheck;
}
export type {PartKind};

/** The definition of a part of a kind. */
export type PartDefinition<K extends PartKind, S extends OptionSpecs = OptionSpecs> = K extends 'backend'
  ? BackendDefinition<S>
  : K extends 'source'
    ? SourceDefinition<S>
    : Definition<PartKinds[K], S>;

/** Returns the definition as it is, with the types of its options. */
export type Define<K extends PartKind> = <const S extends OptionSpecs = Record<never, never>>(
  definition: PartDefinition<K, S>,
) => PartDefinition<K, S>;

/** A function for each kind of part. */
type Makers = {[K in keyof PartKinds]: Define<K>};

/** The API that a part receives. */
export interface Gan extends Makers {
  apiVersion: typeof apiVersion;
  tf: Tf;
  nn: Nn;
  opt: Opt;
  GanError: typeof GanError;
  /** The memory and the processors that this process may use: of the machine, of its container, by `ulimit -v`. */
  limits(): SystemLimits;
  /** Seeded random numbers: `new Rng(seed)`. */
  Rng: typeof Rng;
  /** Kernels of backends. */
  kernels: {
    /** To be called once tfjs is loaded, from a backend's `open` on. */
    register: typeof registerKernels;
  };
  /** Makes an operation of a composition, which serves on every backend, and of kernels where there are some. */
  operation: typeof defineOperation;
  /** For exporters, from `create` on. */
  exports: ExportTools;
  /** For sources and metrics, from `create` on: what the library draws and reads by itself. */
  data: typeof builtInData;
  /** For metrics, in what `create` returns: distances of sets of images and of their features. */
  measures: Measures;
}
