/** How often images can be halved, and what is then left: the stages of a network. */
import {GanError} from '../../errors.js';
import type {ImageShape} from './architecture.js';

export interface Pyramid {
  /** Number of halvings from the image down to the base, at least 1. */
  halvings: number;
  /** The smallest size. */
  base: {height: number; width: number};
}

const largestBase = 8;

export interface PyramidOptions {
  /** Pixels of the smaller side of the base, at least; 4. */
  least?: number;
  /** The nearest side of square images, where not every side will do. */
  nearestSquare?(side: number): number;
}

/**
 * Halves images as long as their smaller side does not fall below `least` pixels.
 * @throws GanError GAN_SIZE when the base has more than 8 pixels a side, because a side is odd, or is the image itself
 */
export function pyramid(
  network: string,
  {height, width}: Omit<ImageShape, 'channels'>,
  {least = 4, nearestSquare = (side) => side}: PyramidOptions = {},
): Pyramid {
  let [h, w, halvings] = [height, width, 0];
  while (Math.min(h, w) / 2 >= least && h % 2 === 0 && w % 2 === 0) [h, w, halvings] = [h / 2, w / 2, halvings + 1];
  if (halvings > 0 && Math.min(h, w) <= largestBase) return {halvings, base: {height: h, width: w}};
  const step = 2 ** Math.max(1, Math.ceil(Math.log2(Math.min(height, width) / largestBase)));
  const near = (side: number): number => Math.max(largestBase, Math.round(side / step) * step);
  const [nearHeight, nearWidth] = [near(height), near(width)];
  const nearest =
    nearHeight === nearWidth ? [nearestSquare(nearHeight), nearestSquare(nearWidth)] : [nearHeight, nearWidth];
  throw new GanError(
    'usage',
    'GAN_SIZE',
    `${network}: images of ${height}x${width} cannot be halved down to ${least} to 8 pixels; wanted sides that are such a number times a power of two`,
    {suggestions: [`use ${nearest.join('x')}`]},
  );
}
