/** A convolution as kernels are told of it. */
import {Patches} from './patches';
import {Window} from './window';

/** A window whose taps are multiplied by a filter [height, width, inChannels, outChannels] and added up. */
@unmanaged
export class Conv2D extends Window {
  get positions(): i32 {
    return this.batch * this.outHeight * this.outWidth;
  }

  get patchSize(): i32 {
    return this.filterHeight * this.filterWidth * this.inChannels;
  }

  /** Describes the patches under the filter, one per output position. */
  patches(patches: Patches, x: usize): void {
    patches.data = x;
    patches.imageHeight = this.inHeight;
    patches.imageWidth = this.inWidth;
    patches.channels = this.inChannels;
    patches.height = this.outHeight;
    patches.width = this.outWidth;
    patches.strideY = this.strideY;
    patches.strideX = this.strideX;
    patches.originY = -this.padTop;
    patches.originX = -this.padLeft;
    patches.tapsX = this.filterWidth;
    patches.stepY = this.dilationY;
    patches.stepX = this.dilationX;
  }
}
