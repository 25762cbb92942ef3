import {sidesOf, type ImageSize} from '../options/image-size.js';

/** Pixels whose layers are small beside any training: 64 of them in float32 take 16 MiB. */
const few = 2 ** 16;
/** Pixels that any device has memory for that can train: 64 layers of them take a quarter of a GiB. */
const anywhere = 2 ** 20;

/**
 * Images that a generator draws in one pass while it is trained, however many are wanted: what the training has shown
 * to fit, or a few small ones.
 * @param trained images in a pass of the training: so many have memory, with gradients
 */
export const imagesAtOnce = (size: ImageSize, trained: number): number =>
  Math.max(trained, Math.floor(few / pixelsOf(size)), 1);

/** The same after the training, on a device that may have less memory. */
export const imagesAtOnceAnywhere = (size: ImageSize, trained: number): number =>
  Math.min(imagesAtOnce(size, trained), Math.max(1, Math.floor(anywhere / pixelsOf(size))));

function pixelsOf(size: ImageSize): number {
  const [height, width] = sidesOf(size);
  return height * width;
}
