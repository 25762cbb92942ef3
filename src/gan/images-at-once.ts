/** Pixels that are drawn in one pass: 64 layers of them in float32 take a quarter of a GiB. */
const pixels = 2 ** 20;

/**
 * Images that a generator draws in one pass, however many are wanted: what fits wherever a training fits.
 * @param size height and width, pixels
 * @param trained images in a pass of the training: so many have had memory, with gradients
 */
export const imagesAtOnce = (size: number, trained = 1): number => Math.max(trained, Math.floor(pixels / size ** 2), 1);
