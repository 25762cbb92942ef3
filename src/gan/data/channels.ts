/** Number of channels of an image: grey, RGB, RGB with transparency. */
export type Channels = 1 | 3 | 4;

/** Red, green, blue, 0..255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * RGB or RGBA bytes with another number of channels. Transparent pixels are laid on the background for grey and RGB.
 * Grey is the luma of ITU-R BT.601, rounded as Pillow does for its mode L.
 * @param data flat [pixels, from]
 * @returns flat [pixels, to]; `data` itself when nothing is to be done
 */
export function toChannels(data: Uint8Array, from: 3 | 4, to: Channels, background: Rgb): Uint8Array {
  if (from === to) return data;
  const pixels = data.length / from;
  const out = new Uint8Array(pixels * to);
  const [backRed, backGreen, backBlue] = background;
  for (let i = 0, at = 0; i < data.length; i += from, at += to) {
    let red = data[i]!;
    let green = data[i + 1]!;
    let blue = data[i + 2]!;
    if (from === 4) {
      const alpha = data[i + 3]!;
      red = over(red, backRed, alpha);
      green = over(green, backGreen, alpha);
      blue = over(blue, backBlue, alpha);
    }
    if (to === 1) out[at] = (19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16; // 0.299, 0.587, 0.114 in 1/65536
    else {
      out[at] = red;
      out[at + 1] = green;
      out[at + 2] = blue;
      if (to === 4) out[at + 3] = 255;
    }
  }
  return out;
}

const over = (top: number, below: number, alpha: number): number => Math.round((top * alpha + below * (255 - alpha)) / 255);
