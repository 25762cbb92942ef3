/** The batch that a device has memory for: found by trying, since only the device knows what a step takes. */
import {GanError, isGanError} from '../errors.js';
import type {RunConfig} from '../options/run-config.js';

/** Whether steps of both networks run with so many images at a time. */
export type Fits = (batchSize: number) => Promise<boolean>;

type Batch = Pick<RunConfig, 'batchSize' | 'accumulate'>;

export const isOutOfMemory = (error: unknown): error is GanError =>
  isGanError(error) && error.code === 'GAN_BACKEND_MEMORY';

/** Larger ones take long to try, and seldom train better. */
export const largestAuto = 128;

/** The largest power of two, at most `max`, that fits; 1 where none does. @throws what `fits` throws */
export async function largestBatch(fits: Fits, max: number): Promise<number> {
  let size = 1;
  while (size * 2 <= max && (await fits(size * 2))) size *= 2;
  return size;
}

/**
 * The error of a device that ran out of memory in a training, with a batch that was tried and fits, and as many passes
 * as give the same images in a step.
 * @param fits undefined where the device cannot go on, so that nothing can be tried: then half of the batch is advised
 */
export async function withBatchAdvice(error: GanError, batch: Batch, fits: Fits | undefined): Promise<GanError> {
  const [advice, ...others] = await advise(batch, fits);
  return new GanError(error.kind, 'GAN_BACKEND_MEMORY', error.message, {
    suggestions: [advice!, ...others, ...error.suggestions.filter((text) => !text.includes('--batch-size'))],
    cause: error,
  });
}

async function advise({batchSize, accumulate}: Batch, fits: Fits | undefined): Promise<string[]> {
  const images = batchSize * accumulate;
  const flags = (size: number): string => `--batch-size ${size} --accumulate ${images / size}`;
  const same = `the same ${images} images in each step`;
  const smaller = divisors(images).filter((size) => size <= batchSize / 2);
  if (!fits) {
    return smaller.length > 0
      ? [`Try ${flags(smaller[0]!)}: ${same}, with less memory.`]
      : ['Use a smaller --size or fewer features: a batch of one image needs too much memory.'];
  }
  for (const size of smaller) {
    if (await fits(size)) return [`Use ${flags(size)}: ${same}. Four steps were tried with it and had enough memory.`];
  }
  return ['Use a smaller --size or fewer features: not even a batch of one image has enough memory.'];
}

/** The divisors of a whole number, falling, each at most half of the one before. */
function divisors(number: number): number[] {
  const found: number[] = [];
  for (let size = number; size >= 1; size--)
    if (number % size === 0 && size <= (found.at(-1) ?? Infinity) / 2) found.push(size);
  return found;
}
