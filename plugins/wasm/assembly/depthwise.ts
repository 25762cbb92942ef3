import {Window} from './window';

/**
 * dFilter[tap, inChannel, k] = sum over positions of x[tap of position, inChannel] * dy[position, inChannel, k], for a
 * filter with outChannels / inChannels channels for each input channel.
 */
export function depthwiseBackpropFilter(window: Window, x: usize, dy: usize, dFilter: usize): void {
  const bytes = <usize>window.outChannels << 2;
  memory.fill(dFilter, 0, <usize>(window.filterHeight * window.filterWidth) * bytes);
  for (let n = 0; n < window.batch; n++) {
    for (let oy = 0; oy < window.outHeight; oy++) {
      for (let ox = 0; ox < window.outWidth; ox++, dy += bytes) {
        for (let ty = 0; ty < window.filterHeight; ty++) {
          for (let tx = 0; tx < window.filterWidth; tx++) {
            const pixel = window.pixel(n, oy, ox, ty, tx);
            if (pixel < 0) continue;
            const source = x + <usize>pixel * (<usize>window.inChannels << 2);
            const to = dFilter + <usize>(ty * window.filterWidth + tx) * bytes;
            spreadProduct(window, source, dy, to);
          }
        }
      }
    }
  }
}

/** dx[tap of position, inChannel] += sum over k of dy[position, inChannel, k] * filter[tap, inChannel, k]. */
export function depthwiseBackpropInput(window: Window, dy: usize, filter: usize, dx: usize): void {
  const bytes = <usize>window.outChannels << 2;
  const pixelBytes = <usize>window.inChannels << 2;
  memory.fill(dx, 0, <usize>(window.batch * window.inHeight * window.inWidth) * pixelBytes);
  for (let n = 0; n < window.batch; n++) {
    for (let oy = 0; oy < window.outHeight; oy++) {
      for (let ox = 0; ox < window.outWidth; ox++, dy += bytes) {
        for (let ty = 0; ty < window.filterHeight; ty++) {
          for (let tx = 0; tx < window.filterWidth; tx++) {
            const pixel = window.pixel(n, oy, ox, ty, tx);
            if (pixel < 0) continue;
            const taps = filter + <usize>(ty * window.filterWidth + tx) * bytes;
            gatherProduct(window, dy, taps, dx + <usize>pixel * pixelBytes);
          }
        }
      }
    }
  }
}

/** to[c, k] += x[c] * y[c, k] */
@inline
function spreadProduct(window: Window, x: usize, y: usize, to: usize): void {
  const multiplier = window.outChannels / window.inChannels;
  if (multiplier == 1) {
    addProduct(x, y, to, window.inChannels);
    return;
  }
  for (let c = 0; c < window.inChannels; c++, x += 4) {
    const value = load<f32>(x);
    for (let k = 0; k < multiplier; k++, y += 4, to += 4) store<f32>(to, load<f32>(to) + value * load<f32>(y));
  }
}

/** to[c] += sum over k of x[c, k] * y[c, k] */
@inline
function gatherProduct(window: Window, x: usize, y: usize, to: usize): void {
  const multiplier = window.outChannels / window.inChannels;
  if (multiplier == 1) {
    addProduct(x, y, to, window.inChannels);
    return;
  }
  for (let c = 0; c < window.inChannels; c++, to += 4) {
    let sum: f32 = 0;
    for (let k = 0; k < multiplier; k++, x += 4, y += 4) sum += load<f32>(x) * load<f32>(y);
    store<f32>(to, load<f32>(to) + sum);
  }
}

/** to[c] += x[c] * y[c] */
function addProduct(x: usize, y: usize, to: usize, count: i32): void {
  for (; count >= 4; count -= 4, x += 16, y += 16, to += 16) {
    v128.store(to, f32x4.add(v128.load(to), f32x4.mul(v128.load(x), v128.load(y))));
  }
  for (; count > 0; count--, x += 4, y += 4, to += 4) store<f32>(to, load<f32>(to) + load<f32>(x) * load<f32>(y));
}
