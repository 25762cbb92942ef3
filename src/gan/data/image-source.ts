import {decodeImage, type DecodeOptions} from './decode.js';
import type {FiniteSource} from './types.js';

/** Image files as items [height, width, channels], decoded anew each time they are read. */
export function imageSource(paths: readonly string[], options: DecodeOptions): FiniteSource {
  const [height, width] = options.size;
  return {
    shape: [height, width, options.channels ?? 3],
    size: paths.length,
    read: (index) => decodeImage(paths[index]!, options),
    describe: (index) => paths[index]!,
  };
}
