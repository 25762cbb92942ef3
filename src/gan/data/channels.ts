/** Number of channels of an image: grey, grey with transparency, RGB, RGB with transparency. */
export type Channels = 1 | 2 | 3 | 4;

/** Red, green, blue, 0..255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * RGB or RGBA bytes with another number of channels. Where these have no transparency, transparent pixels are laid on
 * the background. Grey is the luma of ITU-R BT.601, rounded as Pillow does for its mode L.
 * @param data flat [pixels, from]
 * @returns flat [pixels, to]; `data` itself when nothing is to be done
 */
export function toChannels(data: Uint8Array, from: 3 | 4, to: Channels, background: Rgb): Uint8Array {
  if (from === to) return data;
  const pixels = data.length / from;
  const out = new Uint8Array(pixels * to);
  const keepsAlpha = to === 2 || to === 4;
  const [backRed, backGreen, backBlue] = background;
  for (let i = 0, at = 0; i < data.length; i += from, at += to) {
    let red = data[i]!;
    let green = data[i + 1]!;
    let blue = data[i + 2]!;
    const alpha = from === 4 ? data[i + 3]! : 255;
    if (from === 4 && !keepsAlpha) {
      red = over(red, backRed, alpha);
      green = over(green, backGreen, alpha);
      blue = over(blue, backBlue, alpha);
    }
    if (to <= 2)
      out[at] = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16; // 0.299, 0.587, 0.114 in 1/65536
    else {
      out[at] = red;
      out[at + 1] = green;
      out[at + 2] = blue;
    }
    if (keepsAlpha) out[at + to - 1] = alpha;
  }
  return out;
}

const over = (top: number, below: number, alpha: number): number =>
  Math.round((top * alpha + below * (255 - alpha)) / 255);
