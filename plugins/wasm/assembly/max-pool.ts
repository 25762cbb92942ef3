import {Window} from './window';

/**
 * Gradient of max pooling: dy of each window goes to its largest input, the first one if several are equal. `window`
 * has
 * as many channels out as in; dx must not overlap x or dy.
 */
export function maxPoolGrad(window: Window, x: usize, dy: usize, dx: usize): void {
  const channels = window.inChannels;
  const rowBytes = window.inWidth * channels << 2;
  const imageBytes = window.inHeight * rowBytes;
  memory.fill(dx, 0, <usize>(window.batch * imageBytes));
  for (let n = 0; n < window.batch; n++, x += imageBytes, dx += imageBytes) {
    for (let oy = 0; oy < window.outHeight; oy++) {
      const top = oy * window.strideY - window.padTop;
      for (let ox = 0; ox < window.outWidth; ox++) {
        const left = ox * window.strideX - window.padLeft;
        const y0 = max(top, 0), y1 = min(top + window.filterHeight, window.inHeight);
        const x0 = max(left, 0), x1 = min(left + window.filterWidth, window.inWidth);
        if (y0 >= y1 || x0 >= x1) { // tfjs has such windows where padding is a number and height and width differ
          dy += channels << 2;
          continue;
        }
        for (let c = 0; c < channels; c++, dy += 4) {
          let best = y0 * rowBytes + (x0 * channels + c << 2);
          let largest = load<f32>(x + best);
          for (let iy = y0; iy < y1; iy++) {
            let at = iy * rowBytes + (x0 * channels + c << 2);
            for (let ix = x0; ix < x1; ix++, at += channels << 2) {
              const value = load<f32>(x + at);
              if (value > largest) {
                largest = value;
                best = at;
              }
            }
          }
          store<f32>(dx + best, load<f32>(dx + best) + load<f32>(dy));
        }
      }
    }
  }
}
