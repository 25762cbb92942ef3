import type {RunConfig} from '../../options/run-config.js';
import type {WeightType} from '../io/safetensors.js';
import type {Classes} from '../classes.js';
import type {Module, StateDict} from '../module.js';

export interface Networks {
  generator: Module;
  critic: Module;
}

/** Files of an exported folder, by their paths in it. */
export type Files = ReadonlyMap<string, string | Uint8Array>;

/** What a model card says besides what the run tells. */
export interface CardRequest {
  /** Heading; default: the run's name. */
  title?: string | undefined;
  /** As Hugging Face or SPDX call it. Default: unknown. */
  license?: string | undefined;
  /** How somebody uses the folder, in Markdown. */
  usage: string;
}

/** A run as an export format sees it. */
export interface TrainedRun {
  /** The run's name. */
  name: string;
  config: RunConfig;
  /** What the networks are conditional on; absent of a run that is not. */
  classes?: Classes;
  /** What everything is from: the folder of a checkpoint, or the file of an exported model. */
  checkpoint: string;
  /** Both networks by the names and in the layout of PyTorch: `generator.1.0.weight`, `critic.0.0.weight`, ... */
  weights: StateDict;
  /** Both networks in eval mode with these weights, made at the first call on a backend; freed after the export. */
  networks(): Promise<Networks>;
  /**
   * config.json and model.safetensors with the weights: a folder of them can be drawn from in place of the run.
   * @throws GanError GAN_HALF_PRECISION (exit 2)
   */
  model(type: WeightType): Files;
  /**
   * README.md, a model card in the form of the Hugging Face hub, and samples.png, which it shows.
   * @throws GanError GAN_LICENSE (exit 2) for a licence that is unknown
   */
  card(request: CardRequest): Promise<Files>;
}
