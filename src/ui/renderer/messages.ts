/** The messages between the server and the rendering process. */

import type {Directions} from '../protocol.js';

/** A checkpoint of a run. */
export interface CheckpointChoice {
  /** The run's folder. */
  dir: string;
  /** Step of the checkpoint: the generator is read again when this changes. */
  step: number;
  /** It was the newest when the server looked: what is newer by now will do. */
  newest: boolean;
}

/** Images of latents, one image each, in one row. */
export interface DrawRequest extends CheckpointChoice {
  latents: number[][];
  /** Of a conditional run: what all of them are of, a share of each class. */
  classes?: number[];
}

/** The grid of real images of a run whose folder has none. */
export interface RealRequest {
  /** The run's folder. */
  dir: string;
  /** Files that the run's configuration names may be read: somebody who sees their names asked for it. */
  files: boolean;
}

export type RenderRequest =
  ({kind: 'draw'} & DrawRequest) | ({kind: 'directions'} & CheckpointChoice) | ({kind: 'real'} & RealRequest);

/** `broken`: the process is of no more use, as when the backend does not start or its device is lost. */
export type RenderReply = {png: Uint8Array} | {directions: Directions} | {error: string; broken: boolean};

/** Given to the process as its argument, as JSON. */
export interface RendererSetup {
  backend: string;
  /** Folders of the plug-ins that the command line knows. */
  packages: string[];
}
