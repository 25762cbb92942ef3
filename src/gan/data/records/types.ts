import type {DataIdentity} from '../identity.js';
import type {FileKinds} from '../image-files.js';
import type {Part} from '../mixed-order.js';
import type {PixelData, Pixels} from '../pixels.js';

/** Pixels of an array, and what is doubtful about them. */
export interface StoredPixels extends Pixels<PixelData> {
  doubt?: string;
}

/** A picture as it is kept: the path of a file, the content of one, or pixels. */
export type StoredImage = string | Uint8Array | StoredPixels;

export const isPixels = (stored: StoredImage): stored is StoredPixels =>
  typeof stored === 'object' && !(stored instanceof Uint8Array);

/** Bytes that one picture may have, in an archive or on a server. */
export const mostPictureBytes = 256 << 20;

/** What each picture shows, where somebody has said so. */
export interface Labels {
  /** Names of the classes; the position is the class. */
  classes: readonly string[];
  /** The class of each picture; -1: nobody has said, or it may have several. */
  of: Int32Array;
  /**
   * Where pictures may have several classes, attributes: [pictures, classes], 1 for each that a picture has; all are
   * 255 of one of which nobody has said.
   */
  several?: Uint8Array;
}

/**
 * A set of pictures on a disk: a folder, an archive, an array. Who trains on it, shows it or measures it need not know
 * which. Pictures have the same order on every system.
 */
export interface Records {
  /** What it is, for one line: `zip archive`. */
  kind: string;
  /** The file or the folder that was named. */
  path: string;
  /** The files that were read for it, and will be. */
  files: readonly string[];
  /** Number of pictures. */
  size: number;
  /** Files beside the pictures that are none, and say nothing about them. */
  others?: number;
  /** The same of a folder, by the endings of their names. */
  otherKinds?: FileKinds;
  labels?: Labels;
  /** Of a mixture: the sets in it, one after the other. */
  parts?: readonly Part[];
  /** The name of a picture inside the set, with `/` between folders; another for each. */
  name(index: number): string;
  /** What messages call a picture. */
  describe(index: number): string;
  /**
   * A picture, in any order and several at once.
   * @throws Error with the reason why this one cannot be read; a GanError where the whole set cannot
   */
  read(index: number): Promise<StoredImage>;
  /**
   * Looks into why a picture could not be read or decoded.
   * @throws GanError GAN_DATA_GONE when it is because the set has gone
   */
  lookInto?(index: number): Promise<void>;
  /** Tells these pictures and labels from others, wherever they lie. */
  identify(): Promise<DataIdentity>;
}
