import type {Module} from '../module.js';

/** Side lengths and depth of the images: [height, width, channels]. */
export interface ImageShape {
  size: number;
  channels: number;
}

/** Sizes in, modules out; knows no device, no data and no loss. */
export interface Architecture {
  generator(wanted: ImageShape & {latentSize: number}): Module;
  critic(wanted: ImageShape): Module;
}
