/** How an image gets the wanted size: which part of it is scaled, and to what. */
import type {ResizeMethod} from './pixels.js';
import type {Box} from './resample.js';

/** Pixels, [height, width]. */
export type Size = readonly [height: number, width: number];

export interface Fit {
  /** The part that is kept, in fractions of the image's sides. */
  part: Box;
  /** Its size when it is scaled, pixels. */
  scaled: Size;
}

/**
 * `crop` keeps the middle, to a fraction of a pixel, as Pillow's `ImageOps.fit` does; `pad` fits the whole image into
 * the size, as its `ImageOps.contain`; `squish` takes it as it is.
 */
export function fitTo([height, width]: Size, size: Size, resize: ResizeMethod): Fit {
  const whole = {left: 0, top: 0, right: 1, bottom: 1};
  const [ratio, wanted] = [width / height, size[1] / size[0]];
  if (resize === 'squish' || ratio === wanted) return {part: whole, scaled: size};
  if (resize === 'crop') {
    const [across, down] = ratio > wanted ? [wanted / ratio, 1] : [1, ratio / wanted];
    const [left, top] = [(1 - across) / 2, (1 - down) / 2];
    return {part: {left, top, right: left + across, bottom: top + down}, scaled: size};
  }
  const scaled =
    ratio > wanted
      ? ([Math.max(1, Math.round((height / width) * size[1])), size[1]] as const)
      : ([size[0], Math.max(1, Math.round((width / height) * size[0]))] as const);
  return {part: whole, scaled};
}
