/** How files become pixels. */
import type {Channels, PadMode, ResizeMethod, Rgb} from './pixels.js';

/** Versions of the rules by which files become pixels. */
export type Decoding = 1 | 2;

/** Bits a channel that images are trained with. */
export type Depth = 8 | 16;

export interface DecodeOptions {
  /** Pixels, [height, width]. */
  size: readonly [number, number];
  /** Grey, RGB, or one of them with transparency. Default 3. */
  channels?: Channels;
  /** Default `crop`: the middle is kept, as fastai does in validation; nothing is random here. */
  resize?: ResizeMethod;
  /** Used by `pad`. Default `reflect`. */
  padMode?: PadMode;
  /** Background behind transparent images, for 1 and 3 channels. Default white. */
  background?: Rgb;
  /** 1: scaled by libvips, as in runs from before the rules described here. Default 2. */
  decoding?: Decoding;
  /** Bits a channel, for data sources: of 16, their items are floats. Default 8. */
  depth?: Depth;
  /** Told what is doubtful about a file that can be read. */
  warn?: (message: string) => void;
}
