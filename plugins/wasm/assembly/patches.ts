/**
 * The patches that a window cuts out of a batch of images NHWC, as a matrix that is never written out. Its rows are
 * window positions (image, down, across), its columns (tap down, tap across, channel); what lies outside an image is 0.
 * The classes that pack it must not override each other's methods: an object without a header has no dynamic dispatch.
 */
@unmanaged
export class Patches {
  data: usize;
  imageHeight: i32;
  imageWidth: i32;
  channels: i32;
  /** Window positions in one image. */
  height: i32;
  width: i32;
  /** Pixels from one position to the next. */
  strideY: i32;
  strideX: i32;
  /** Pixel under the first tap at the first position. */
  originY: i32;
  originX: i32;
  /** Taps across. */
  tapsX: i32;
  /** Pixels from one tap to the next; may be negative. */
  stepY: i32;
  stepX: i32;
}
