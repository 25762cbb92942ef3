import type {RunConfig} from '../../options/run-config.js';
import type {Module, StateDict} from '../module.js';

export interface Networks {
  generator: Module;
  critic: Module;
}

/** A run as an export format sees it. */
export interface TrainedRun {
  config: RunConfig;
  /** The folder of the checkpoint that everything is from. */
  checkpoint: string;
  /** Both networks by the names and in the layout of PyTorch: `generator.1.0.weight`, `critic.0.0.weight`, ... */
  weights: StateDict;
  /** Both networks in eval mode with these weights, made at the first call on a backend; freed after the export. */
  networks(): Promise<Networks>;
}
