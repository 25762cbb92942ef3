// Sizes of a window that slides over images NHWC; the host writes them field by field in this order (src/kernels/window.ts
// of gan-plugin-wasm).
#pragma once

struct Window {
  int batch;
  int inHeight;
  int inWidth;
  int inChannels;
  int outHeight;
  int outWidth;
  int outChannels;
  int filterHeight;
  int filterWidth;
  int strideY;
  int strideX;
  int dilationY;
  int dilationX;
  int padTop;
  int padLeft;
};

/** A convolution whose channels are in groups. */
struct GroupedWindow : Window {
  int groups;
};
