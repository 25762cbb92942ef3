import {GanError} from '../../errors.js';

export type Sharp = typeof import('sharp').default;
/** An image on its way through the library. */
export type SharpImage = import('sharp').Sharp;
/** What a file says of its image. */
export type ImageFacts = import('sharp').Metadata;

/**
 * Loaders of formats that are programs or documents and not pixels: the name of a file does not keep them away, as
 * content decides which loader is used.
 */
const documents = ['Svg', 'Pdf', 'Magick', 'Magick7', 'Openslide', 'Mat', 'Csv', 'Matrix'].map(
  (format) => `VipsForeignLoad${format}`,
);

let loaded: Promise<Sharp> | undefined;

/**
 * The image library, loaded when the first image is read or written, as it is native code that may be missing.
 * Its cache is turned off: each file is read once an epoch, so that the cache would only grow. It reads pictures only.
 * @throws GanError GAN_SHARP when it cannot be loaded on this machine
 */
export function loadSharp(): Promise<Sharp> {
  loaded ??= import('sharp').then(
    ({default: sharp}) => {
      sharp.cache(false);
      sharp.block({operation: documents});
      return sharp;
    },
    (cause: unknown) => {
      throw new GanError(
        'data',
        'GAN_SHARP',
        `the image library 'sharp' cannot be loaded on ${process.platform}-${process.arch}`,
        {
          suggestions: [
            'npm install sharp --include=optional',
            'Use a data source that needs no image files, for example builtin:shapes.',
          ],
          cause,
        },
      );
    },
  );
  return loaded;
}
