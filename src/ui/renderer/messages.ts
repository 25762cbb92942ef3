/** The messages between the server and the rendering process. */

export interface RenderRequest {
  /** The run's folder. */
  dir: string;
  /** Step of the checkpoint: the generator is read again when this changes. */
  step: number;
  /** It was the newest when the server looked: what is newer by now will do. */
  newest: boolean;
  /** One image each, in one row. */
  latents: number[][];
}

/** `broken`: the process is of no more use, as when the backend does not start or its device is lost. */
export type RenderReply = {png: Uint8Array} | {error: string; broken: boolean};

/** Given to the process as its argument, as JSON. */
export interface RendererSetup {
  backend: string;
  /** Folders of the plug-ins that the command line knows. */
  packages: string[];
}
