/** Sizes of a window that slides over images NHWC; written by the host, field by field in this order. */
@unmanaged
export class Window {
  batch: i32;
  inHeight: i32;
  inWidth: i32;
  inChannels: i32;
  outHeight: i32;
  outWidth: i32;
  outChannels: i32;
  filterHeight: i32;
  filterWidth: i32;
  strideY: i32;
  strideX: i32;
  dilationY: i32;
  dilationX: i32;
  padTop: i32;
  padLeft: i32;

  /** Index of the pixel under a tap at a position, or -1 outside the image. */
  @inline pixel(image: i32, positionY: i32, positionX: i32, tapY: i32, tapX: i32): i32 {
    const y = positionY * this.strideY - this.padTop + tapY * this.dilationY;
    const x = positionX * this.strideX - this.padLeft + tapX * this.dilationX;
    if (<u32>y >= <u32>this.inHeight || <u32>x >= <u32>this.inWidth) return -1;
    return (image * this.inHeight + y) * this.inWidth + x;
  }
}
