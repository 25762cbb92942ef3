/** How often images can be halved, and what is then left: the stages of a network. */
import {GanError} from '../../errors.js';
import type {ImageShape} from './architecture.js';

export interface Pyramid {
  /** Number of halvings from the image down to the base. */
  halvings: number;
  /** The smallest size. */
  base: {height: number; width: number};
}

/**
 * Halves images until their smaller side is at most `most`.
 * @throws GanError GAN_SIZE when a side is odd before that and the smaller one is above 8
 */
export function pyramid(network: string, {height, width}: Omit<ImageShape, 'channels'>, most = 4): Pyramid {
  let [h, w, halvings] = [height, width, 0];
  while (Math.min(h, w) > most && h % 2 === 0 && w % 2 === 0) [h, w, halvings] = [h / 2, w / 2, halvings + 1];
  if (Math.min(h, w) <= 8 && Math.min(height, width) >= 4) return {halvings, base: {height: h, width: w}};
  const step = 2 ** Math.max(0, Math.ceil(Math.log2(Math.min(height, width) / 8)));
  const nearest = (side: number): number => Math.max(4, Math.round(side / step) * step);
  throw new GanError(
    'usage',
    'GAN_SIZE',
    `${network}: images of ${height}x${width} cannot be halved down to 8 pixels or fewer; wanted sides of at least 4, which are a small number times a power of two`,
    {suggestions: [`use ${nearest(height)}x${nearest(width)}`]},
  );
}
