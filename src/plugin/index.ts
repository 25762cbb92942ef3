/**
 * The plug-in API. A part is a module whose default export receives a `Gan` object and returns a definition:
 *
 *     import type {Gan} from 'gankit/plugin';
 *     export default ({switcher, opt}: Gan) => switcher({name: 'fixed', ...});
 *
 * Only types are imported, so no second copy of this package or of tfjs can enter by a plug-in. The package says in its
 * package.json what it brings: `"gan": {"api": 1, "switchers": {"fixed": "./dist/fixed.js"}}`.
 */
import type {Backend, Finding} from '../backends/device.js';
import type {Tf} from '../backends/tf.js';
import type {Callback} from '../gan/callback.js';
import type {Schedule} from '../gan/callbacks/schedule.js';
import type {Augmentation} from '../gan/data/augment.js';
import type {SourceFactory} from '../gan/data/types.js';
import type {GanLossPair} from '../gan/losses/loss.js';
import type {Architecture} from '../gan/nets/architecture.js';
import type {ImageMetric} from '../gan/metrics/image-metrics.js';
import type {Nn} from '../gan/nn.js';
import type {OptimizerFactory} from '../gan/optim/optimizer.js';
import type {Penalty} from '../gan/penalties/penalty.js';
import type {TrainedRun} from '../gan/export/trained-run.js';
import type {Switcher} from '../gan/switchers/switcher.js';
import type {GanError} from '../errors.js';
import type {PartKind} from '../options/kinds.js';
import type {Opt, OptionSpecs, OptionValues} from '../options/options.js';

export type {
  Backend,
  Device,
  DeviceInfo,
  DeviceMemory,
  Finding,
  ListedDevice,
  OpenedDevice,
  Probe,
} from '../backends/device.js';
export type {Tensor, Tf} from '../backends/tf.js';
export type {GanError} from '../errors.js';
export type {Callback} from '../gan/callback.js';
export type {Progress, Schedule, Scheduled} from '../gan/callbacks/schedule.js';
export type {Augmentation} from '../gan/data/augment.js';
export type {HostData, HostTensor, Source, SourceFactory} from '../gan/data/types.js';
export type {GanLossPair} from '../gan/losses/loss.js';
export type {Architecture, ImageShape} from '../gan/nets/architecture.js';
export type {Learner} from '../gan/learner.js';
export type {ImageMetric, ImageSets} from '../gan/metrics/image-metrics.js';
export type {Module} from '../gan/module.js';
export type {Nn} from '../gan/nn.js';
export type {Optimizer, OptimizerFactory, UpdateRule} from '../gan/optim/optimizer.js';
export type {Penalty, PenaltyFacts} from '../gan/penalties/penalty.js';
export type {Rng} from '../gan/rng.js';
export type {RunConfig} from '../options/run-config.js';
export type {TrainedRun} from '../gan/export/trained-run.js';
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
  StrSpec,
} from '../options/options.js';

/** Raised by one when a plug-in written for the old API can no longer work. */
export const apiVersion = 1;

/** A part: what it is called, what it can be told, and how it is made. `create` runs only when the part is used. */
export interface Definition<Created, S extends OptionSpecs = OptionSpecs> {
  name: string;
  /** One line for `--help` and listings. */
  summary: string;
  options?: S;
  create(options: OptionValues<S>): Created;
}

/** What a backend says of itself beside its `Backend`. */
export interface BackendDefinition<S extends OptionSpecs = OptionSpecs> extends Definition<Backend, S> {
  /** `--backend auto` tries cuda, webgpu and wasm, then all others, the highest number first. Default 0. */
  priority?: number;
}

/** A named set of configuration values, with the origin of the numbers. */
export interface Recipe {
  values: Record<string, unknown>;
  source: string;
}

/** A format of `gan export`; `--out` says where to. */
export interface Exporter {
  /**
   * Writes the run and resolves to the paths of the files written.
   * @param out what the user gave as --out: the file to write, or the folder, whichever the format is; it may be missing
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

/** What `create` of each kind of part returns. */
export interface PartKinds {
  backend: Backend;
  architecture: Architecture;
  loss: GanLossPair;
  penalty: Penalty;
  optimizer: OptimizerFactory;
  switcher: Switcher;
  schedule: Schedule;
  source: SourceFactory;
  augmentation: Augmentation;
  metric: ImageMetric;
  callback: CallbackPart;
  recipe: Recipe;
  exporter: Exporter;
  check: DoctorCheck;
}
export type {PartKind};

type Define<Created> = <const S extends OptionSpecs = Record<never, never>>(
  definition: Definition<Created, S>,
) => Definition<Created, S>;

/** What a part receives. */
export interface Gan {
  apiVersion: typeof apiVersion;
  tf: Tf;
  nn: Nn;
  opt: Opt;
  GanError: typeof GanError;
  backend: <const S extends OptionSpecs = Record<never, never>>(
    definition: BackendDefinition<S>,
  ) => BackendDefinition<S>;
  architecture: Define<PartKinds['architecture']>;
  loss: Define<PartKinds['loss']>;
  penalty: Define<PartKinds['penalty']>;
  optimizer: Define<PartKinds['optimizer']>;
  switcher: Define<PartKinds['switcher']>;
  schedule: Define<PartKinds['schedule']>;
  source: Define<PartKinds['source']>;
  augmentation: Define<PartKinds['augmentation']>;
  metric: Define<PartKinds['metric']>;
  callback: Define<PartKinds['callback']>;
  recipe: Define<PartKinds['recipe']>;
  exporter: Define<PartKinds['exporter']>;
  check: Define<PartKinds['check']>;
}
