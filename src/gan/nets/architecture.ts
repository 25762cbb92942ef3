import {GanError} from '../../errors.js';
import type {Module} from '../module.js';

/** Images [height, width, channels]. */
export interface ImageShape {
  height: number;
  width: number;
  channels: number;
}

/** What the two networks are to be made for. */
export interface WantedCritic extends ImageShape {
  /**
   * Number of classes, where the data has labels; networks that use them say so (`Module.takesLabels`). Absent: none.
   */
  classes?: number;
}

export interface WantedGenerator extends WantedCritic {
  /** Length of a latent. */
  latentSize: number;
  /**
   * Image to image: the shape of the generator's input images, in place of latents. Absent: it makes images of latents.
   */
  input?: ImageShape;
}

/**
 * Sizes in, modules out; knows no device, no data and no loss. An architecture that cannot do what is wanted throws a
 * GanError that
 * says so: images that are not square, classes, input images.
 */
export interface Architecture {
  generator(wanted: WantedGenerator): Module;
  critic(wanted: WantedCritic): Module;
}

type Wanted = WantedCritic & Pick<WantedGenerator, 'input'>;

/**
 * The side of the square images that a plain architecture makes of latents, without classes.
 * @param name the architecture's, for the message
 * @throws GanError GAN_ARCHITECTURE when something else is wanted
 */
export function plainSide(name: string, wanted: Wanted): number {
  const {height, width} = wanted;
  refuse(name, 'square images', [...(height === width ? [] : [`images of ${height}x${width}`]), ...notPlain(wanted)]);
  return height;
}

/**
 * The images that an architecture makes of latents, without classes.
 * @param name the architecture's, for the message
 * @throws GanError GAN_ARCHITECTURE when something else is wanted
 */
export function plainImages(name: string, wanted: Wanted): ImageShape {
  refuse(name, 'images', notPlain(wanted));
  const {height, width, channels} = wanted;
  return {height, width, channels};
}

function notPlain({classes, input}: Wanted): string[] {
  return [classes === undefined ? [] : [`${classes} classes`], input === undefined ? [] : ['image to image']].flat();
}

function refuse(name: string, made: string, wanted: string[]): void {
  if (wanted.length === 0) return;
  throw new GanError(
    'config',
    'GAN_ARCHITECTURE',
    `the architecture ${name} makes ${made} of latents, without classes; wanted: ${wanted.join(', ')}`,
    {suggestions: ['gan parts architecture   lists all: use one that can']},
  );
}
